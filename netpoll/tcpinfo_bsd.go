//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netpoll

import "time"

// networkTimes is not known here.
func networkTimes(int) (rtt, waited time.Duration, ok bool) { return 0, 0, false }

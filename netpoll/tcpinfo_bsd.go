//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netpoll

import "time"

// networkTimes is not known here.
func networkTimes(int) (rtt, waited time.Duration, ok bool) { return 0, 0, false }

// deliveryOf is not known here: what the kernel takes stands for what the peer takes.
func deliveryOf(int) (d delivery, ok bool) { return d, false }

// limitUnsent does nothing here: the kernel takes what fits into its send buffer.
func limitUnsent(listener, bytes int) error { return nil }

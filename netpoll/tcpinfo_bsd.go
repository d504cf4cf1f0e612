//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netpoll

import "time"

// networkTimes is available on Linux only.
func networkTimes(int) (rtt, waited time.Duration, ok bool) { return 0, 0, false }

// deliveryOf is available on Linux only: here the bytes that the kernel takes stand for those that the peer takes.
func deliveryOf(int) (d delivery, ok bool) { return d, false }

// limitUnsent does nothing here: the kernel takes what fits into its send buffer.
func limitUnsent(listener, bytes int) error { return nil }

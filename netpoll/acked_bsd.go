//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netpoll

// unacknowledged is available on Linux only.
func unacknowledged(int) int { return 0 }

//go:build !unix

package spool

// IgnoreBrokenPipe does nothing where there is no SIGPIPE.
func IgnoreBrokenPipe() {}

//go:build unix

package spool

import (
	"os"
	"os/signal"
	"syscall"
)

// IgnoreBrokenPipe keeps the process running when its standard output or standard error loses its reader: a write then returns
// an error (EPIPE), as on every other descriptor. Otherwise the Go runtime ends the process, even if it was started with
// SIGPIPE ignored (package os/signal, "SIGPIPE"). Child processes get SIGPIPE as usual.
func IgnoreBrokenPipe() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

//go:build unix

package spool

import (
	"os"
	"os/signal"
	"syscall"
)

// IgnoreBrokenPipe lets the process live on when nobody reads its standard
// output or standard error any more: a write is then an error (EPIPE) as on
// every other descriptor. Without it the Go runtime ends the process, even if
// it was started with SIGPIPE ignored (package os/signal, "SIGPIPE"). Processes
// that are started from here get SIGPIPE as usual.
func IgnoreBrokenPipe() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// Package clierr has the error type of throng's command line. It is printed as two lines on standard error:
//
//	throng: error: the problem
//	throng: hint: the remedy
//
// Any package whose errors reach a person (config, serve, chat, check) may return a *Error; the packages below
// (netpoll, frame, room) return plain errors. Share this type, do not make a second one.
package clierr

import (
	"errors"
	"fmt"
	"io"

	"github.com/throngd/throng/internal/terminal"
)

// Error is an error with a hint for the user of the command line.
type Error struct {
	Err   error  // the problem, in lower case, without a full stop
	Hint  string // what to do about it; "": no hint is printed
	Usage bool   // the command line or the configuration is at fault: exit code 2 instead of 1
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a hint. The format is that of fmt.Errorf, %w included.
func Errorf(hint, format string, args ...any) *Error {
	return &Error{Err: fmt.Errorf(format, args...), Hint: hint}
}

// Usagef is Errorf for a mistake in the command line or the configuration: it sets Usage.
func Usagef(hint, format string, args ...any) *Error {
	return &Error{Err: fmt.Errorf(format, args...), Hint: hint, Usage: true}
}

// ExitCode is 0 for no error, 2 for an Error with Usage set, and 1 for every other error.
func ExitCode(err error) int {
	var e *Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e) && e.Usage:
		return 2
	}
	return 1
}

// maxReported bounds the runes of an error or a hint that are printed: a part of it may come from a server.
const maxReported = 4000

// Report writes the error and its hint, if it has one, each on one line, without control characters. A nil error prints
// nothing.
func Report(w io.Writer, err error) {
	if err == nil {
		return
	}
	fmt.Fprintf(w, "throng: error: %s\n", terminal.Short(err.Error(), maxReported))
	var e *Error
	if errors.As(err, &e) && e.Hint != "" {
		fmt.Fprintf(w, "throng: hint: %s\n", terminal.Short(e.Hint, maxReported))
	}
}

package upgrade

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// StatusError is an HTTP response other than 101. Redirects are not followed.
type StatusError struct {
	Status int
	Header http.Header // nil if it was not complete, or longer than 8 KiB
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// RetryAfter is how long the server asks to wait (RFC 9110, section 10.2.3); 0 if it does not.
func (e *StatusError) RetryAfter() time.Duration {
	v := e.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(t))
	}
	return 0
}

// newStatusError reads the header of a response that is not 101, as far as it has arrived.
func newStatusError(status int, response io.Reader) *StatusError {
	e := &StatusError{Status: status}
	if r, err := http.ReadResponse(bufio.NewReader(response), nil); err == nil {
		e.Header = r.Header
	}
	return e
}

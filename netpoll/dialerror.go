//go:build !windows

package netpoll

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// DialPhase is a part of opening a connection.
type DialPhase string

// The phases, in order.
const (
	DialQueue   DialPhase = "queue"   // waiting for its turn
	DialConnect DialPhase = "connect" // the socket and the TCP connect
	DialTLS     DialPhase = "TLS"     // the TLS handshake
	DialUpgrade DialPhase = "upgrade" // the HTTP request and its response
)

// DialTimes are the durations of the phases that are over; the others are 0.
type DialTimes struct {
	Queue, Connect, TLS, Upgrade time.Duration
}

// Dialed is what is known of a connection that was just opened.
type Dialed struct {
	DialTimes
	Dialer      *Dialer
	Subprotocol string // of Dialer.Subprotocols, or empty
}

// DialError is why a dial came to nothing. errors.Is and errors.As find the cause: a
// [*StatusError], a syscall.Errno (ECONNREFUSED, EADDRNOTAVAIL, EMFILE),
// os.ErrDeadlineExceeded, io.ErrUnexpectedEOF, [ErrClientClosed], those of crypto/tls, and
// those of gobwas/ws for a response that is no WebSocket's (ws.ErrHandshakeBadSecAccept).
type DialError struct {
	Dialer  *Dialer
	Addr    netip.AddrPort // that was tried last: Dialer.Addr or one of Dialer.Fallback
	Context any
	Loop    *Loop // that called OnDialError
	Phase   DialPhase
	Times   DialTimes
	Err     error
}

// Error says where, in which phase, and why.
func (e *DialError) Error() string {
	return fmt.Sprintf("netpoll: dial %v: %s: %v", e.Addr, e.Phase, e.Err)
}

// Unwrap is the cause.
func (e *DialError) Unwrap() error { return e.Err }

// StatusError is an HTTP response other than 101. Redirects are not followed.
type StatusError struct {
	Status int
	Header http.Header // nil if it did not come whole, or was longer than 8 KiB
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// RetryAfter is how long the server asks to wait (RFC 9110, 10.2.3); 0 if it does not.
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

//go:build !windows

package netpoll

import (
	"fmt"
	"net/netip"
	"time"
)

// DialPhase is a part of opening a connection.
type DialPhase string

// The phases, in order.
const (
	DialQueue   DialPhase = "queue"   // waiting for other dials to end
	DialConnect DialPhase = "connect" // the socket and the TCP connect
	DialTLS     DialPhase = "TLS"     // the TLS handshake
	DialUpgrade DialPhase = "upgrade" // the HTTP request and its response
)

// DialTimes are the durations of the phases that are over; the others are 0.
type DialTimes struct {
	Queue, Connect, TLS, Upgrade time.Duration
}

// Dialed describes the dial of a connection that was just opened.
type Dialed struct {
	DialTimes
	Dialer      *Dialer
	Subprotocol string // of Dialer.Subprotocols, or empty
}

// DialError is the error of a dial that failed. errors.Is and errors.As find the cause: a [*upgrade.StatusError], a
// syscall.Errno (ECONNREFUSED, EADDRNOTAVAIL, EMFILE), os.ErrDeadlineExceeded, io.ErrUnexpectedEOF, [ErrClientClosed],
// an error of crypto/tls, or one of gobwas/ws for a response that is not a WebSocket server's
// (ws.ErrHandshakeBadSecAccept).
type DialError struct {
	Dialer  *Dialer
	Addr    netip.AddrPort // that was tried last: Dialer.Addr or one of Dialer.Fallback
	Context any
	Loop    *Loop // that called OnDialError
	Phase   DialPhase
	Times   DialTimes
	Err     error
}

// Error returns the address, the phase and the cause.
func (e *DialError) Error() string {
	return fmt.Sprintf("netpoll: dial %v: %s: %v", e.Addr, e.Phase, e.Err)
}

// Unwrap returns the cause.
func (e *DialError) Unwrap() error { return e.Err }

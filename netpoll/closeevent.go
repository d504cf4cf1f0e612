//go:build !windows

package netpoll

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// CloseEvent tells [Endpoint.OnClose] how a connection ended.
type CloseEvent struct {
	// Code and Reason are those of the first close frame: the peer's if Remote, ours otherwise. Without a close frame
	// the code is 1006 (RFC 6455, 7.1.5) and the reason is the text of Err.
	Code   frame.CloseCode
	Reason string

	// Remote reports that the peer ended the connection: by a close frame, by closing its socket, or by a reset.
	Remote bool

	// Err is the cause. It is nil if this side called [Conn.Close], and if the peer sent a close frame. Otherwise it is
	// [ErrSlow], [ErrNoPong], [ErrMessageTimeout], [ErrControls], [ErrPanic], [ErrNoCloseFrame], [ErrServerClosed] or
	// [ErrClientClosed], a [*frame.Error] if the peer broke the protocol, or what the socket or crypto/tls returned. Use
	// errors.Is and errors.As.
	Err error
}

// The causes in [CloseEvent.Err] that are neither errors of the protocol nor of the socket.
var (
	ErrSlow           error = cause("the peer takes too little of what it is sent")     // MaxBacklog, MaxBacklogAge, MaxBacklogMemory
	ErrNoPong         error = cause("the peer did not answer a ping")                   // PongTimeout
	ErrMessageTimeout error = cause("a message took too long to arrive")                // MessageTimeout
	ErrControls       error = cause("the peer sent too many control frames")            // MaxControls
	ErrPanic          error = cause("a callback panicked")                              // reported to OnError
	ErrNoCloseFrame   error = cause("the peer closed the socket without a close frame") // RFC 6455, 7.1.5
)

// cause is a constant error: it costs no memory per connection.
type cause string

func (c cause) Error() string { return string(c) }

// wrapped is an error with a text of its own.
type wrapped struct {
	text string
	err  error
}

func (w *wrapped) Error() string { return w.text }
func (w *wrapped) Unwrap() error { return w.err }

var (
	errTLSEnd       = &wrapped{"the peer ended the TLS session without a close frame", ErrNoCloseFrame}
	errServerClosed = &wrapped{"closed on this side", ErrServerClosed}
	errClientClosed = &wrapped{"closed on this side", ErrClientClosed}
)

// abnormalClose is the event of a connection that ends without a close frame.
func abnormalClose(err error) CloseEvent {
	remote := errors.Is(err, ErrNoCloseFrame) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE)
	return CloseEvent{Code: frame.CloseAbnormal, Reason: err.Error(), Remote: remote, Err: err}
}

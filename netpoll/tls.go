//go:build !windows

package netpoll

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// TLS lives between the socket and everything else of a connection: what the socket gives
// goes in as ciphertext and comes out as plaintext for the phases of read.go; what the outbox
// holds is plaintext and becomes records when it is flushed. crypto/tls works on a wire in
// memory. Its handshake cannot be interrupted and resumed, so it runs as a coroutine
// (tlshandshake.go); an established session is driven by the loop alone.

// secure is the TLS side of a connection.
type tlsSession struct {
	conn      *tls.Conn
	wire      wire
	handshake *tlsHandshake // nil when established
	pending   []byte        // ciphertext that the kernel has not taken: one record, seldom more
}

// wire is the transport that crypto/tls sees: memory, until the connection is detached.
type wire struct {
	in        []byte        // ciphertext to be read; borrowed from the loop's read buffer
	out       []byte        // ciphertext that was written; laid out in the loop's scratch
	handshake *tlsHandshake // the handshake that waits for ciphertext
	conn      net.Conn      // after a detach: the socket itself
}

// errWouldBlock is Temporary, so crypto/tls resumes a Read that met it.
var errWouldBlock net.Error = wouldBlock{}

type wouldBlock struct{}

func (wouldBlock) Error() string   { return "no ciphertext yet" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true }

func (w *wire) Read(p []byte) (int, error) {
	switch {
	case w.handshake != nil:
		return w.handshake.read(p)
	case len(w.in) > 0:
		n := copy(p, w.in)
		w.in = w.in[n:]
		return n, nil
	case w.conn != nil:
		return w.conn.Read(p)
	}
	return 0, errWouldBlock
}

// Write takes everything: for crypto/tls a failed write is the end of the session.
func (w *wire) Write(p []byte) (int, error) {
	if w.conn != nil {
		return w.conn.Write(p)
	}
	w.out = append(w.out, p...)
	return len(p), nil
}

func (w *wire) Close() error {
	if w.conn != nil {
		return w.conn.Close()
	}
	return nil
}

func (w *wire) LocalAddr() net.Addr {
	if w.conn != nil {
		return w.conn.LocalAddr()
	}
	return &net.TCPAddr{}
}

func (w *wire) RemoteAddr() net.Addr {
	if w.conn != nil {
		return w.conn.RemoteAddr()
	}
	return &net.TCPAddr{}
}

func (w *wire) SetDeadline(t time.Time) error {
	return errors.Join(w.SetReadDeadline(t), w.SetWriteDeadline(t))
}

func (w *wire) SetReadDeadline(t time.Time) error {
	if w.conn != nil {
		return w.conn.SetReadDeadline(t)
	}
	return nil
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	if w.conn != nil {
		return w.conn.SetWriteDeadline(t)
	}
	return nil
}

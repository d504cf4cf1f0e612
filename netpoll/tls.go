//go:build !windows

package netpoll

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// A TLS session lies between the socket and the rest of a connection. Ciphertext from the socket becomes plaintext for
// the phase (phase.go); plaintext in the outbox becomes records when it is flushed (tlsrecord.go). crypto/tls reads and
// writes memory, the wire. Its handshake cannot return in the middle and go on later, so it runs in a coroutine
// (tlshandshake.go, tlsphase.go); the loop alone drives an established session.

// tlsSession is the TLS session of a connection.
type tlsSession struct {
	conn      *tls.Conn
	wire      wire
	handshake *tlsHandshake // nil when established
	pending   []byte        // ciphertext that the kernel has not taken: seldom more than one record
}

// wire is the transport that crypto/tls sees: memory, until the connection is given to net/http.
type wire struct {
	in        []byte        // ciphertext to be read; borrowed from the loop's read buffer
	out       []byte        // ciphertext that was written; in the scratch of the loop
	handshake *tlsHandshake // the handshake that waits for ciphertext
	conn      net.Conn      // the socket, once net/http has the connection
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

// Write takes everything, because a failed write ends the session for crypto/tls.
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

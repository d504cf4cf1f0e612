//go:build !windows

package netpoll

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/netpoll/upgrade"
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

// recordSize is the most plaintext that goes into one record (RFC 8446, 5.1).
const recordSize = 16 << 10

// tlsScratch is what a loop needs to serve TLS.
type tlsScratch struct {
	plain  []byte // of one record, read
	record []byte // plaintext of one record, to be written
	cipher []byte // what crypto/tls has written
}

func newTLSScratch() *tlsScratch {
	return &tlsScratch{plain: make([]byte, recordSize), record: make([]byte, 0, recordSize)}
}

// decrypt hands the plaintext in b, which the socket gave, to the phase of the connection.
func (l *Loop) decrypt(c *Conn, b []byte) {
	s, h := c.tls, c.Handle()
	s.wire.in, s.wire.out = b, l.tls.cipher[:0]
	for c.phase != phaseLinger {
		n, err := s.conn.Read(l.tls.plain)
		if n > 0 {
			l.dispatchPlain(c, l.tls.plain[:n])
			if !l.owns(h) {
				return // detached, or moved to another loop: neither c nor s is ours any more
			}
			if l.sliceUsed(n) || c.has(flagRemainder) {
				l.keepRemainder(c, nil, s.wire.in)
				break
			}
		}
		if err == nil {
			continue
		}
		s.wire.in = nil
		l.sendCiphertext(c) // an alert, or the answer to a key update
		if errors.Is(err, io.EOF) {
			c.ended(errTLSEnd)
		} else if err != error(errWouldBlock) {
			l.failTLS(c, err)
		}
		break
	}
	s.wire.in = nil
	s.trim()
}

// failTLS ends a session that cannot go on. An alert has been sent that says why, if the fault is the peer's.
func (l *Loop) failTLS(c *Conn, err error) {
	if c.dialAttempt() != nil {
		c.failDial(err)
		return
	}
	if c.phase == phaseOpen {
		c.rare().closed = abnormalClose(err)
		l.startTiming(c)
	}
	if l.freeOutbox(c); c.owesCiphertext() {
		l.ensureOutbox(c)
		l.updateEvents(c)
	}
	l.startLinger(c)
}

// writeRecord sends what is left of the last record, then makes one of what c owes. It
// returns how many bytes of plaintext have left the outbox.
func (l *Loop) writeRecord(c *Conn) (int, error) {
	s := c.tls
	if len(s.pending) > 0 {
		n, err := send(int(c.fd), s.pending)
		l.counters.bytesOut.Add(int64(n))
		s.pending = s.pending[n:]
		if len(s.pending) > 0 || err != nil {
			return 0, orAgain(err)
		}
		s.pending = nil
	}
	record := l.tls.record[:0]
	l.vector = c.out.vector(l.vector[:0], 256)
	for _, b := range l.vector {
		record = append(record, b[:min(len(b), recordSize-len(record))]...)
	}
	clear(l.vector)
	if len(record) == 0 {
		return 0, nil
	}
	s.wire.out = l.tls.cipher[:0]
	if _, err := s.conn.Write(record); err != nil {
		return 0, err
	}
	return len(record), l.sendCiphertext(c)
}

// sendCiphertext sends what crypto/tls has written.
func (l *Loop) sendCiphertext(c *Conn) error {
	out := c.tls.wire.out
	c.tls.wire.out = nil
	if cap(out) <= 4*recordSize {
		l.tls.cipher = out[:0]
	}
	return l.transmit(c, out)
}

// transmit sends ciphertext, behind what was left before, and keeps what the kernel does not take.
func (l *Loop) transmit(c *Conn, out []byte) error {
	s := c.tls
	if len(s.pending) > 0 {
		s.pending = append(s.pending, out...)
		return unix.EAGAIN
	}
	if len(out) == 0 {
		return nil
	}
	n, err := send(int(c.fd), out)
	l.counters.bytesOut.Add(int64(n))
	if n == len(out) {
		return nil
	}
	s.pending = bytes.Clone(out[n:])
	return orAgain(err)
}

func orAgain(err error) error {
	if err == nil || err == unix.EINTR {
		return unix.EAGAIN
	}
	return err
}

// closeNotify sends the alert that ends a session (RFC 8446, 6.1).
func (l *Loop) closeNotify(c *Conn) {
	if c.tls == nil || c.tls.handshake != nil {
		return
	}
	c.tls.wire.out = l.tls.cipher[:0]
	_ = c.tls.conn.CloseWrite()
	_ = l.sendCiphertext(c)
}

// hello collects the ClientHello. What is expensive begins when all of it is there: before that a
// connection has told nothing that would make it one of TLS.
func (l *Loop) readHello(c *Conn, b []byte) {
	if c.aux != nil {
		if !l.keep(c, b) {
			return
		}
		b = c.aux.header
	}
	n, err := parseHello(b)
	if n == 0 && err == nil {
		if c.aux == nil {
			l.keep(c, b)
		}
		return
	}
	kept := c.takeHeader() // b may lie in it
	defer l.server.headers.release(kept)
	c.aux = nil
	if err != nil {
		l.rejectHello(c, b[0], err)
		return
	}
	l.startTLS(c, b)
}

// rejectHello ends a connection that does not begin with a ClientHello. If it can be HTTP it is told so,
// if it can be TLS an alert says why.
func (l *Loop) rejectHello(c *Conn, first byte, err error) {
	var e helloError
	switch isTLS := errors.As(err, &e) && e != notTLS; {
	case isTLS:
		l.queueBytes(c, e.alert())
		l.startLinger(c)
	case first >= 'A' && first <= 'Z':
		l.refuse(c, upgrade.BadRequest("this port speaks TLS: use https:// or wss://"))
	default:
		c.fail(err)
	}
}

// startTLS begins the handshake of c, whose ClientHello is at the start of b.
func (l *Loop) startTLS(c *Conn, b []byte) {
	p := l.server.tlsHandshakes
	if !p.acquire(l) && !(l.displaceTLSHandshake() && p.acquire(l)) {
		l.server.refusals.tlsHandshakes.Add(1)
		c.fail(cause("too many TLS handshakes in flight"))
		return
	}
	l.newTLSSession(c, tls.Server, l.server.tls)
	l.refreshOldest(waitFirst)
	l.enqueueWaiting(c)
	l.setDeadline(c, l.server.TLSHandshakeTimeout)
	l.feedHandshake(c, b)
}

// startClientTLS is startTLS for the end that speaks first.
func (l *Loop) startClientTLS(c *Conn) error {
	if !l.server.tlsHandshakes.acquire(l) {
		return errors.New("too many TLS handshakes in flight")
	}
	if l.tls == nil {
		l.tls = newTLSScratch()
	}
	d := c.aux.dial.dialer
	l.setDeadline(c, d.tlsTimeout())
	l.newTLSSession(c, tls.Client, d.tlsConfig())
	c.tls.handshake.feed(nil)
	return nil
}

func (l *Loop) newTLSSession(c *Conn, end func(net.Conn, *tls.Config) *tls.Conn, cfg *tls.Config) {
	s := &tlsSession{}
	s.handshake = newTLSHandshake(l, c.Handle(), s)
	s.wire.handshake = s.handshake
	s.conn = end(&s.wire, cfg)
	c.tls, c.phase = s, phaseTLS
}

// shake gives the handshake what the socket gave.
func (l *Loop) feedHandshake(c *Conn, b []byte) {
	if c.tls.handshake.feed(b) && l.poller.Delete(int(c.fd)) == nil {
		c.set(flagPaused) // until the worker has read: handshakeStep resumes
	}
}

// handshakeStep is the loop's part of a step of the handshake: its bytes leave, and when it is done
// the session belongs to the loop.
func (l *Loop) handshakeStep(h Handle, out []byte, done bool, err error) {
	c := l.lookup(h)
	if c == nil || c.phase != phaseTLS {
		return
	}
	if c.has(flagPaused) {
		c.clear(flagPaused)
		if err := l.attach(c); err != nil {
			c.fail(err)
			return
		}
	}
	sent := l.transmit(c, out) // not through the wire: the worker may be at its next step already
	switch {
	case err != nil && c.dialAttempt() != nil:
		c.failDial(err)
	case err != nil:
		l.startLinger(c) // an alert says why
	case sent != nil && sent != unix.EAGAIN:
		c.fail(sent)
	case done:
		l.tlsEstablished(c)
	case sent == unix.EAGAIN:
		l.ensureOutbox(c) // owes ciphertext only: EPOLLOUT will send it
		l.updateEvents(c)
	}
}

func (l *Loop) tlsEstablished(c *Conn) {
	rest := c.tls.handshake.leftover()
	c.tls.handshake, c.tls.wire.handshake = nil, nil
	defer l.recoverPanic(c.Handle())
	if g := c.dialAttempt(); g != nil {
		g.times.TLS = l.elapsed(c)
		l.observeTLS(c)
		l.sendRequest(c)
	} else {
		c.phase = phaseHeader
		l.refreshOldest(waitTLSHandshake)
		l.enqueueWaiting(c)
		l.observeTLS(c)
		l.setDeadline(c, l.server.HeaderTimeout)
	}
	if len(c.tls.pending) > 0 {
		l.ensureOutbox(c)
		l.updateEvents(c)
	}
	l.decrypt(c, rest)
}

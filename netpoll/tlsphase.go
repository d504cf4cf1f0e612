//go:build !windows

package netpoll

import (
	"crypto/tls"
	"net"

	"golang.org/x/sys/unix"
)

// phaseTLS and phaseDialTLS: a TLS handshake runs in a coroutine that the workers of tlshandshake.go resume. The loop
// feeds it the bytes of the socket and sends the bytes that it writes.

var errTooManyTLSHandshakes error = cause("too many TLS handshakes in flight")

// startTLS begins phaseTLS of c, whose ClientHello is at the start of b.
func (l *Loop) startTLS(c *Conn, b []byte) {
	p := l.engine.tlsHandshakes
	if !p.acquire(l) && !(l.displaceTLSHandshake() && p.acquire(l)) {
		l.server.refusals.tlsHandshakes.Add(1)
		c.fail(errTooManyTLSHandshakes)
		return
	}
	l.startTLSHandshake(c, phaseTLS, tls.Server, l.server.tls)
	l.enqueueWaiting(c)
	l.setDeadline(c, l.server.tlsHandshakeTimeout())
	l.feedHandshake(c, b)
}

// startClientTLS begins phaseDialTLS of c. In TLS the client sends first.
func (l *Loop) startClientTLS(c *Conn) error {
	if !l.engine.tlsHandshakes.acquire(l) {
		return errTooManyTLSHandshakes
	}
	if l.tls == nil {
		l.tls = newTLSScratch()
	}
	d := c.aux.dial.dialer
	l.setDeadline(c, d.tlsTimeout())
	l.startTLSHandshake(c, phaseDialTLS, tls.Client, d.tlsConfig())
	c.tls.handshake.feed(nil)
	return nil
}

func (l *Loop) startTLSHandshake(c *Conn, p phase, end func(net.Conn, *tls.Config) *tls.Conn, cfg *tls.Config) {
	s := &tlsSession{}
	s.handshake = newTLSHandshake(l, c.Handle(), s)
	s.wire.handshake = s.handshake
	s.conn = end(&s.wire, cfg)
	c.tls = s
	l.enter(c, p)
}

// feedHandshake gives the bytes of the socket to the handshake.
func (l *Loop) feedHandshake(c *Conn, b []byte) {
	if c.tls.handshake.feed(b) && l.poller.Delete(int(c.fd)) == nil {
		c.set(flagPaused) // until the worker has read: handshakeStep resumes
	}
}

// handshakeStep is posted by the worker after each step of a handshake: it sends what the step has written, and takes
// the session back when the handshake is over.
func (l *Loop) handshakeStep(h Handle, out []byte, done bool, err error) {
	c := l.lookup(h)
	if c == nil || c.row().secured == nil {
		return // the handshake was given up meanwhile
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
	case err != nil:
		l.failTLS(c, err)
	case sent != nil && sent != unix.EAGAIN:
		c.fail(sent)
	case done:
		l.finishTLSHandshake(c)
	case sent == unix.EAGAIN:
		l.ensureOutbox(c) // there is only ciphertext to send: EPOLLOUT will send it
		l.updateEvents(c)
	}
}

// finishTLSHandshake goes on with the phase behind the handshake, and with the bytes that came behind it.
func (l *Loop) finishTLSHandshake(c *Conn) {
	rest := c.tls.handshake.leftover()
	c.tls.handshake, c.tls.wire.handshake = nil, nil
	defer l.recoverPanic(c.Handle())
	c.row().secured(l, c)
	if len(c.tls.pending) > 0 {
		l.ensureOutbox(c)
		l.updateEvents(c)
	}
	l.decrypt(c, rest)
}

// startRequest follows phaseTLS: the upgrade request is expected.
func (l *Loop) startRequest(c *Conn) {
	l.enter(c, phaseHeader)
	l.enqueueWaiting(c)
	l.observeTLS(c)
	l.setDeadline(c, l.server.headerTimeout())
}

// tlsHandshakeTimeout ends a connection whose handshake has taken longer than TLSHandshakeTimeout.
func (l *Loop) tlsHandshakeTimeout(c *Conn) {
	l.counters.limits.tlsHandshakeTimeout.Add(1)
	c.fail(cause("the TLS handshake took too long"))
}

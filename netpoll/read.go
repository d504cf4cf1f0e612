//go:build !windows

package netpoll

import (
	"errors"

	gnetpoll "github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// read reads from the socket, at most one buffer full, and hands the bytes to the phase of c. It reports whether there
// may be more.
func (l *Loop) read(c *Conn, ev gnetpoll.IOEvent) (more bool) {
	defer l.recoverPanic(c.Handle())
	switch {
	case c.has(flagRemainder):
		if !edgeTriggered {
			l.continueRead(c, l.remainders.of[c.fd])
		}
		return false // the socket is read again when the remainder is empty
	case c.lingering():
		return l.discard(c, ev)
	}
	buf := l.buffer()
	n, err := recv(int(c.fd), buf)
	more = n == len(buf) || n > 0 && unread(ev)
	if !l.countReceived(c, n, err) {
		return more
	}
	if c.closing() {
		l.countSkipped(c, n)
	}
	l.dispatch(c, buf[:n])
	return more
}

// countReceived handles the result of recv, and reports whether there are bytes.
func (l *Loop) countReceived(c *Conn, n int, err error) bool {
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
	case err != nil:
		c.fail(err)
	case n == 0:
		c.failEOF(ErrNoCloseFrame)
	default:
		c.heard = l.wheel.now
		l.counters.bytesIn.Add(int64(n))
		return true
	}
	return false
}

// enterOpen begins the frames of a connection that was accepted or dialed.
func (l *Loop) enterOpen(c *Conn) {
	l.enter(c, phaseOpen)
	l.observeUpgrade(c)
	c.set(flagOpened)
	e := l.endpointOf(c)
	if !e.HoldPings {
		l.startPings(c)
	}
	if e.OnOpen != nil {
		e.OnOpen(c)
	}
}

// frames delivers the messages in b, which is unmasked in place, for the time of one read slice at most.
func (l *Loop) frames(c *Conn, b []byte) {
	if c.has(flagRemainder) {
		l.keepRemainder(c, b, nil)
		return
	}
	cfg := &l.configs[c.endpoint]
	whole := !c.dec.Partial()
	for len(b) > 0 && (c.open() || c.closing()) {
		m, n, err := c.dec.Next(b, cfg)
		b = b[n:]
		if err != nil {
			l.violation(c, err)
			return
		}
		if m.Op != 0 {
			l.message(c, m)
			whole = true
			if l.sliceUsed(len(m.Payload)) && len(b) > 0 {
				l.keepRemainder(c, b, nil)
				break
			}
		}
	}
	if whole && c.open() && c.dec.Partial() {
		c.partial = l.wheel.now
		l.schedule(c, c.partial+l.engine.ticksOf(l.engine.MessageTimeout))
	}
}

func (l *Loop) message(c *Conn, m frame.Message) {
	switch {
	case m.Op == frame.OpClose:
		l.receiveClose(c, m.Payload)
	case c.closing(): // only the peer's close frame counts any more
	case m.Op.Control():
		l.control(c, m)
	default:
		l.counters.messagesIn.n++
		if e := l.endpointOf(c); e.OnMessage != nil {
			l.inflated = m.Inflated
			e.OnMessage(c, m.Op, m.Payload)
		}
	}
}

// control answers a ping (RFC 6455, 5.5.2). While an earlier pong cannot be written, only the latest ping is kept:
// 5.5.3 allows to answer the most recent one only.
func (l *Loop) control(c *Conn, m frame.Message) {
	if c.started != l.wheel.now {
		c.started, c.controls = l.wheel.now, 0
	}
	if c.controls++; int(c.controls) > l.engine.MaxControls {
		l.counters.limits.maxControls.Add(1)
		c.closeNow(frame.ClosePolicy, "too many control frames", ErrControls)
		return
	}
	e := l.endpointOf(c)
	if m.Op == frame.OpPong {
		if e.OnPong != nil {
			e.OnPong(c, m.Payload)
		}
		return
	}
	if e.OnPing != nil {
		if e.OnPing(c, m.Payload); !c.live() {
			return
		}
	}
	if c.has(flagArmed) {
		c.rare().pong = append(c.rare().pong[:0], m.Payload...)
		c.set(flagPong)
		return
	}
	l.queueControl(c, func(dst []byte) []byte { return l.appendFrame(dst, frame.OpPong, m.Payload) })
}

// violation closes a connection whose peer broke the protocol (RFC 6455, 7.1.7). The close frame says why, and nothing
// more is read.
func (l *Loop) violation(c *Conn, err error) {
	var fe *frame.Error
	if !errors.As(err, &fe) {
		fe = &frame.Error{Code: frame.CloseInternal, Reason: err.Error()}
	}
	l.counters.limits.violated(fe)
	c.closeNow(fe.Code, fe.Reason, fe)
}

func (l *Loop) endpointOf(c *Conn) *Endpoint { return &l.engine.endpoints[c.endpoint] }

//go:build !windows

package netpoll

import (
	"errors"
	"net/http"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// How a connection ends. Only the owner loop closes, and only at the end of a turn:
//
//	Close          open -> closing   our close frame is queued; the peer's is awaited
//	close frame    open -> linger    the peer's is echoed
//	violation      any  -> linger    our close frame says why; nothing more is looked at
//	linger                           when all is sent: FIN, then wait for the peer's FIN (ending.go)
//	fail           any  -> dead      the socket is of no use any more
//
// settle then takes it out of every array, tells the application once, and frees the slot of
// a dead one; close(2) is the very last touch.

// Close starts the closing handshake (RFC 6455, 7.1.2). What was published before in the
// topics of c leaves before the close frame. OnClose follows at the end of the turn; the
// socket itself goes when the peer has answered, or after Server.CloseTimeout.
func (c *Conn) Close(code frame.CloseCode, reason string) {
	if c.phase == phaseOpen {
		c.eachTopic(func(t *topic) { c.loop.owe(t, c) })
	}
	c.shut(code, reason)
}

// shut is Close for a connection that is owed too much already.
func (c *Conn) shut(code frame.CloseCode, reason string) {
	if c.phase != phaseOpen {
		return
	}
	c.phase = phaseClosing
	c.dec.SkipData()
	c.goodbye(code, reason)
}

// abort is Close without waiting for an answer: nothing more is read.
func (c *Conn) abort(code frame.CloseCode, reason string) {
	switch c.phase {
	case phaseOpen:
		c.phase = phaseLinger
		c.goodbye(code, reason)
	case phaseHeader:
		c.loop.refuse(c, &refusal{status: http.StatusInternalServerError, reason: "internal error"})
	case phaseProxy, phaseHello, phaseTLS, phaseMoved, phaseConnect, phaseAnswer:
		c.fail(reason)
	case phaseClosing:
		c.loop.linger(c)
	}
}

// goodbye queues our close frame, which always has room.
func (c *Conn) goodbye(code frame.CloseCode, reason string) {
	l := c.loop
	r := c.rare()
	r.code, r.reason = code, reason
	l.mark(c)
	c.beginEnd()
	l.queueControl(c, func(dst []byte) []byte { return l.appendClose(dst, code, reason) })
	l.doom(c)
}

// peerClosed answers the peer's close frame once (RFC 6455, 5.5.1).
func (l *Loop) peerClosed(c *Conn, payload []byte) {
	if c.phase == phaseClosing {
		l.linger(c)
		return
	}
	code, reason := frame.ParseClose(payload)
	c.phase = phaseLinger
	c.goodbye(code, "")
	c.aux.reason = reason
}

// linger sends a FIN when everything is written. What the peer still sends is thrown away.
func (l *Loop) linger(c *Conn) {
	if c.phase < phaseClosing {
		c.beginEnd()
	}
	waited := c.waits()
	c.phase = phaseLinger
	l.waited(waited)
	l.doom(c)
}

// fail gives the socket up. The application is told 1006, unless a close frame said more.
func (c *Conn) fail(reason string) {
	if c.has(flagDead) {
		return
	}
	c.set(flagDead)
	if c.phase == phaseOpen {
		r := c.rare()
		r.code, r.reason = frame.CloseAbnormal, reason
	} else if g := c.dialing(); g != nil && g.err == nil {
		g.err = errors.New(reason)
	}
	c.loop.doom(c)
}

// broken is fail for an error of the socket or of TLS.
func (c *Conn) broken(err error) {
	if c.dialing() != nil {
		c.failDial(err)
		return
	}
	c.fail(err.Error())
}

// ended is fail for the end of what the peer sends.
func (c *Conn) ended(reason string) {
	if c.dialing() != nil {
		c.dialEnded(errEarlyEnd)
		return
	}
	c.fail(reason)
}

func (l *Loop) doom(c *Conn) {
	if !c.has(flagDoomed) {
		c.set(flagDoomed)
		l.doomed = append(l.doomed, c)
	}
}

func (l *Loop) settleDoomed() {
	for i := 0; i < len(l.doomed); i++ {
		c := l.doomed[i]
		c.clear(flagDoomed)
		l.settle(c)
	}
	clear(l.doomed)
	l.doomed = l.doomed[:0]
}

func (l *Loop) settle(c *Conn) {
	l.tell(c)
	switch {
	case c.has(flagDead):
		if c.has(flagDirty) {
			i := slices.Index(l.dirty, c)
			l.dirty = slices.Delete(l.dirty, i, i+1)
		}
		l.free(c)
	case c.phase == phaseLinger && c.out == nil:
		l.finish(c)
	default:
		l.awaitEnd(c)
	}
}

// tell takes c out of its topics and calls OnClose, once; or OnDialError if it never opened.
func (l *Loop) tell(c *Conn) {
	if c.has(flagTold) {
		return
	}
	if !c.has(flagOpened) {
		l.tellDial(c)
		return
	}
	c.set(flagTold)
	l.tally.closes[closeIndex(c.aux.code)].Add(1)
	l.leaveAll(c)
	e := l.endpointOf(c)
	if e.OnClose == nil {
		return
	}
	defer l.rescue(c.Handle())
	e.OnClose(c, c.aux.code, c.aux.reason)
}

// finish sends our FIN and waits for the peer's: closing at once would answer bytes that are
// still on their way with a reset, and the reset could overtake our close frame. A client
// leaves the first FIN to the server, whose socket then is the one in TIME_WAIT (RFC 6455, 7.1.1).
func (l *Loop) finish(c *Conn) {
	if c.has(flagShut) {
		return
	}
	c.set(flagShut)
	if l.dials == nil {
		l.closeNotify(c)
		_ = unix.Shutdown(int(c.fd), unix.SHUT_WR)
	}
	l.awaitEnd(c)
}

// awaitEnd starts the deadline of the closing handshake.
func (l *Loop) awaitEnd(c *Conn) {
	c.due = l.wheel.now + l.server.ticksOf(l.server.CloseTimeout)
	l.schedule(c, c.due)
}

// free clears the slot and closes the descriptor.
func (l *Loop) free(c *Conn) {
	l.parted(c)
	fd := int(c.fd)
	l.release(c)
	_ = unix.Close(fd)
	l.server.forget()
}

// release clears the slot. The generation stays, so old handles stay invalid.
func (l *Loop) release(c *Conn) {
	gen, waited := owner(c.owner.Load()).gen(), c.waits()
	if c.tls != nil && c.tls.shake != nil {
		c.tls.shake.cancel()
	}
	if g := c.dialing(); g != nil && g.answer != nil {
		g.answer.stop()
	}
	if v := l.server.visits; v != nil {
		v.leave(c.fd, l.server.clock())
	}
	l.server.headers.release(c.takeHeader())
	l.dropRemainder(c)
	l.undeny(c.fd)
	l.freeOutbox(c)
	c.dec.Release(&l.configs[c.endpoint])
	c.loop, c.fd, c.phase, c.endpoint, c.flags = nil, 0, phaseFree, 0, 0
	c.dec = frame.Decoder{}
	c.tls, c.aux, c.context, c.topic, c.topics = nil, nil, nil, nil, nil
	c.heard, c.due, c.timer, c.partial, c.controls, c.mark = 0, 0, 0, 0, 0, 0
	c.owner.Store(uint64(makeOwner(gen, -1)))
	l.held.Add(-1)
	l.waited(waited)
}

//go:build !windows

package netpoll

import (
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
		c.loop.fanout.closing(c)
	}
	c.startClose(code, reason, nil)
}

// shut is Close for a connection that is owed too much already.
func (c *Conn) startClose(code frame.CloseCode, reason string, err error) {
	if c.phase != phaseOpen {
		return
	}
	c.phase = phaseClosing
	c.dec.SkipData()
	c.sendClose(CloseEvent{Code: code, Reason: reason, Err: err})
}

// closeNow is Close without waiting for an answer: nothing more is read.
func (c *Conn) closeNow(code frame.CloseCode, reason string, err error) {
	switch c.phase {
	case phaseOpen:
		c.phase = phaseLinger
		c.sendClose(CloseEvent{Code: code, Reason: reason, Err: err})
	case phaseHeader:
		c.loop.refuse(c, &Reject{Status: http.StatusInternalServerError, Reason: "internal error"})
	case phaseProxy, phaseHello, phaseTLS, phaseMigrating, phaseConnect, phaseAnswer:
		c.fail(err)
	case phaseClosing:
		c.loop.startLinger(c)
	}
}

// sendClose queues our close frame, which always has room.
func (c *Conn) sendClose(e CloseEvent) {
	l, reason := c.loop, e.Reason
	if e.Remote {
		reason = "" // the echo has only the code
	}
	c.rare().closed = e
	l.startTiming(c)
	c.resetEndCounters()
	l.queueControl(c, func(dst []byte) []byte { return l.appendClose(dst, e.Code, reason) })
	l.queueEnd(c)
}

// receiveClose answers the peer's close frame once (RFC 6455, 5.5.1).
func (l *Loop) receiveClose(c *Conn, payload []byte) {
	if c.phase == phaseClosing {
		l.startLinger(c)
		return
	}
	code, reason := frame.ParseClose(payload)
	c.phase = phaseLinger
	c.sendClose(CloseEvent{Code: code, Reason: reason, Remote: true})
}

// linger sends a FIN when everything is written. What the peer still sends is thrown away.
func (l *Loop) startLinger(c *Conn) {
	if c.phase < phaseClosing {
		c.resetEndCounters()
	}
	waited := c.waitKind()
	c.phase = phaseLinger
	l.refreshOldest(waited)
	l.queueEnd(c)
}

// fail gives the socket up. The application is told 1006, unless a close frame said more.
func (c *Conn) fail(err error) {
	if c.has(flagDead) {
		return
	}
	c.set(flagDead)
	if c.phase == phaseOpen {
		c.rare().closed = abnormalClose(err)
	} else if g := c.dialAttempt(); g != nil && g.err == nil {
		g.err = err
	}
	c.loop.queueEnd(c)
}

// broken is fail for an error of the socket or of TLS.
func (c *Conn) broken(err error) {
	if c.dialAttempt() != nil {
		c.failDial(err)
		return
	}
	c.fail(err)
}

// ended is fail for the end of what the peer sends.
func (c *Conn) ended(err error) {
	if c.dialAttempt() != nil {
		c.dialEOF(errEarlyEnd)
		return
	}
	c.fail(err)
}

func (l *Loop) queueEnd(c *Conn) {
	if !c.has(flagEnding) {
		c.set(flagEnding)
		l.ending = append(l.ending, c)
	}
}

func (l *Loop) processEnding() {
	for i := 0; i < len(l.ending); i++ {
		c := l.ending[i]
		c.clear(flagEnding)
		l.advanceEnd(c)
	}
	clear(l.ending)
	l.ending = l.ending[:0]
}

func (l *Loop) advanceEnd(c *Conn) {
	l.notifyClosed(c)
	switch {
	case c.has(flagDead):
		if c.has(flagDirty) {
			i := slices.Index(l.dirty, c)
			l.dirty = slices.Delete(l.dirty, i, i+1)
		}
		l.freeConn(c)
	case c.phase == phaseLinger && c.out == nil:
		l.shutdownWrite(c)
	default:
		l.startCloseTimer(c)
	}
}

// tell takes c out of its topics and calls OnClose, once; or OnDialError if it never opened.
func (l *Loop) notifyClosed(c *Conn) {
	if c.has(flagNotified) {
		return
	}
	if !c.has(flagOpened) {
		l.notifyDialFailed(c)
		return
	}
	c.set(flagNotified)
	l.counters.closes[closeIndex(c.aux.closed.Code)].Add(1)
	l.fanout.closed(c)
	e := l.endpointOf(c)
	if e.OnClose == nil {
		return
	}
	defer l.recoverPanic(c.Handle())
	e.OnClose(c, c.aux.closed)
}

// finish sends our FIN and waits for the peer's: closing at once would answer bytes that are
// still on their way with a reset, and the reset could overtake our close frame. A client
// leaves the first FIN to the server, whose socket then is the one in TIME_WAIT (RFC 6455, 7.1.1).
func (l *Loop) shutdownWrite(c *Conn) {
	if c.has(flagFINSent) {
		return
	}
	c.set(flagFINSent)
	if l.dials == nil {
		l.closeNotify(c)
		_ = unix.Shutdown(int(c.fd), unix.SHUT_WR)
	}
	l.startCloseTimer(c)
}

// startCloseTimer starts the deadline of the closing handshake.
func (l *Loop) startCloseTimer(c *Conn) {
	c.due = l.wheel.now + l.server.ticksOf(l.server.CloseTimeout)
	l.schedule(c, c.due)
}

// free clears the slot and closes the descriptor.
func (l *Loop) freeConn(c *Conn) {
	l.observeClosing(c)
	fd := int(c.fd)
	l.freeSlot(c)
	_ = unix.Close(fd)
	l.server.removeConn()
}

// release clears the slot. The generation stays, so old handles stay invalid.
func (l *Loop) freeSlot(c *Conn) {
	gen, waited := owner(c.owner.Load()).gen(), c.waitKind()
	if c.tls != nil && c.tls.handshake != nil {
		c.tls.handshake.cancel()
	}
	if g := c.dialAttempt(); g != nil && g.answer != nil {
		g.answer.Close()
	}
	if v := l.server.ipLimiter; v != nil {
		v.remove(c.fd, l.server.clock())
	}
	l.server.headers.release(c.takeHeader())
	l.dropRemainder(c)
	l.undeny(c.fd)
	l.freeOutbox(c)
	c.dec.Release(&l.configs[c.endpoint])
	c.loop, c.fd, c.phase, c.endpoint, c.flags = nil, 0, phaseFree, 0, 0
	c.dec = frame.Decoder{}
	c.tls, c.aux, c.context, c.topic, c.topics = nil, nil, nil, nil, nil
	c.heard, c.due, c.timer, c.partial, c.controls, c.started = 0, 0, 0, 0, 0, 0
	c.owner.Store(uint64(makeOwner(gen, -1)))
	l.held.Add(-1)
	l.refreshOldest(waited)
}

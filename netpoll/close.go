//go:build !windows

package netpoll

import (
	"net/http"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// A connection ends in one of these ways:
//
//	startClose      open -> closing   our close frame is queued; the peer's is awaited
//	receiveClose    open -> linger    the peer's close frame is answered
//	closeNow        any  -> linger    our close frame says why; nothing more is read
//	startLinger     any  -> linger    a response that ends the connection is queued, or the closing handshake is over
//	fail            any               the socket failed: flagDead is set
//
// Each of them queues the connection for the end of the turn, when advanceEnd calls OnClose, sends the FIN when the
// outbox is empty (ending.go), and frees the slot of a dead connection. Only the loop that owns a connection closes it,
// and close(2) is its last step with the slot.

// Close starts the closing handshake (RFC 6455, 7.1.2). Messages that were published in the topics of c before leave
// before the close frame. OnClose follows at the end of the turn; the socket is closed when the peer has answered, or
// after Server.CloseTimeout. Only the loop of c may call it.
func (c *Conn) Close(code frame.CloseCode, reason string) {
	if c.open() {
		c.loop.fanout.closing(c)
	}
	c.startClose(code, reason, nil)
}

// startClose is Close without the pending messages of c's topics. err is the cause, nil for the application's decision.
func (c *Conn) startClose(code frame.CloseCode, reason string, err error) {
	if !c.open() {
		return
	}
	c.phase = phaseClosing
	c.dec.SkipData()
	c.sendClose(CloseEvent{Code: code, Reason: reason, Err: err})
}

// sendLastClose is closeNow of an open connection: the close frame says why.
func (c *Conn) sendLastClose(e CloseEvent) {
	c.phase = phaseLinger
	c.sendClose(e)
}

// answerInternalError is closeNow of a connection whose request is awaited. The client does not learn the reason.
func (c *Conn) answerInternalError(CloseEvent) {
	c.loop.refuse(c, &Reject{Status: http.StatusInternalServerError, Reason: "internal error"})
}

// lingerNow is closeNow of a connection whose close frame has been queued.
func (c *Conn) lingerNow(CloseEvent) { c.loop.startLinger(c) }

// sendClose queues our close frame, for which MaxBacklog does not hold.
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
	if c.closing() {
		l.startLinger(c)
		return
	}
	code, reason := frame.ParseClose(payload)
	c.phase = phaseLinger
	c.sendClose(CloseEvent{Code: code, Reason: reason, Remote: true})
}

// startLinger has a FIN sent when everything is written. Bytes that the peer still sends are discarded.
func (l *Loop) startLinger(c *Conn) {
	if !c.ending() {
		c.resetEndCounters()
	}
	l.enter(c, phaseLinger)
	l.queueEnd(c)
}

// closedAbnormally has OnClose report that there was no closing handshake (RFC 6455, 7.1.5).
func (c *Conn) closedAbnormally(err error) { c.rare().closed = abnormalClose(err) }

// queueEnd has advanceEnd called at the end of the turn.
func (l *Loop) queueEnd(c *Conn) {
	if !c.has(flagEnding) {
		c.set(flagEnding)
		l.ending = append(l.ending, c)
	}
}

// processEnding handles the connections that queueEnd has queued. Callbacks may queue more.
func (l *Loop) processEnding() {
	for i := 0; i < len(l.ending); i++ {
		c := l.ending[i]
		c.clear(flagEnding)
		l.advanceEnd(c)
	}
	clear(l.ending)
	l.ending = l.ending[:0]
}

// advanceEnd takes the next step of a connection's end.
func (l *Loop) advanceEnd(c *Conn) {
	l.notifyClosed(c)
	switch {
	case c.has(flagDead):
		l.freeConn(c)
	case c.lingering() && c.out == nil:
		l.shutdownWrite(c)
	default:
		l.startCloseTimer(c)
	}
}

// notifyClosed takes c out of its topics and calls OnClose, or OnDialError for a dial that failed, once.
func (l *Loop) notifyClosed(c *Conn) {
	if c.has(flagNotified) {
		return
	}
	if !c.has(flagOpened) {
		if c.row().dial != "" {
			c.set(flagNotified)
			l.finishFailedDial(c)
		}
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

// shutdownWrite sends our FIN and waits for the peer's. Closing at once would answer bytes that are still on their way
// with a reset, which could overtake our close frame. A client leaves the first FIN to the server, whose socket is then
// the one in TIME_WAIT (RFC 6455, 7.1.1).
func (l *Loop) shutdownWrite(c *Conn) {
	if c.has(flagFINSent) {
		return
	}
	c.set(flagFINSent)
	if !l.engine.client {
		l.closeNotify(c)
		_ = unix.Shutdown(int(c.fd), unix.SHUT_WR)
	}
	l.startCloseTimer(c)
}

// startCloseTimer gives the peer CloseTimeout for the next step of the closing handshake.
func (l *Loop) startCloseTimer(c *Conn) {
	c.due = l.wheel.now + l.engine.ticksOf(l.engine.CloseTimeout)
	l.schedule(c, c.due)
}

// freeConn ends c for good: it clears the slot and closes the descriptor.
func (l *Loop) freeConn(c *Conn) {
	l.observeClosing(c)
	p := l.give(c)
	p.dec.Release(&l.configs[p.endpoint])
	l.engine.discard(p)
}

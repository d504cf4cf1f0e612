//go:build !windows

package netpoll

import (
	"math/rand/v2"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/queue"

	"github.com/throngd/throng/frame"
)

// runTicker sends ticks to all loops. A loop that has not handled its last tick gets no other one: its clock stands
// still while it is busy. Trigger runs after the reads of the same turn, so deadlines are judged only when everything
// that had arrived has been read.
func (e *engine) runTicker() {
	t := time.NewTicker(e.Tick)
	defer t.Stop()
	for {
		select {
		case <-e.done:
			return
		case <-t.C:
		}
		for _, l := range e.loops {
			l.probe()
			if !l.ticking.Load() {
				l.counters.tickSent.Store(int64(e.clock()))
				l.ticking.Store(true)
				_ = l.poller.Trigger(queue.HighPriority, l.tick, nil)
			}
		}
	}
}

func (l *Loop) tick(any) error {
	began := l.observeTick()
	l.grown = true // the backlogs of other loops may have grown as well
	l.ticking.Store(false)
	for fd := range l.wheel.advance() {
		if c := l.expired(fd); c != nil {
			l.deadline(c)
		}
		if len(l.dirty) == maxFreeOutboxes { // with so many outboxes, which are used again, thousands of pings can be sent
			l.endTurn()
		}
	}
	l.endTurn()
	l.finishTurn(1, began)
	return nil
}

// expired returns the connection that a wheel entry of this tick is for, or nil if the entry is outdated.
func (l *Loop) expired(fd int32) *Conn {
	c := l.ownedConn(int(fd))
	if c == nil || c.timer != l.wheel.now {
		return nil
	}
	c.timer = 0
	return c
}

// schedule makes sure that deadline is called for c at tick at or before.
func (l *Loop) schedule(c *Conn, at uint32) { l.wheel.schedule(c, at) }

// deadline is called for a connection whose wheel entry has come up.
func (l *Loop) deadline(c *Conn) {
	switch {
	case c.open():
		l.openDeadline(c)
	case l.wheel.now < c.due:
		l.schedule(c, c.due)
	default:
		c.row().deadline(l, c)
	}
}

// openDeadline judges an open connection: its message in progress, the age of its backlog, and its pings.
func (l *Loop) openDeadline(c *Conn) {
	now, e := l.wheel.now, l.endpointOf(c)
	if c.has(flagRemainder) { // the peer is not late: its bytes wait in the loop
		c.heard, c.partial = now, now
	}
	next := now + wheelSlots
	if c.dec.Partial() {
		late := c.partial + l.engine.ticksOf(l.engine.MessageTimeout)
		if now >= late {
			l.counters.limits.messageTimeout.Add(1)
			c.closeNow(frame.ClosePolicy, "the message took too long", ErrMessageTimeout)
			return
		}
		next = min(next, late)
	}
	if c.out != nil {
		age := l.engine.ticksOf(e.MaxBacklogAge)
		if now >= c.out.since+age {
			l.notesProgress(c)
		}
		late := c.out.since + age
		if now >= late {
			l.counters.limits.maxBacklogAge.Add(1)
			c.out.cut()
			c.startClose(e.SlowCode, "slow", ErrSlow)
			return
		}
		next = min(next, late)
	}
	if c.has(flagPings) {
		if !l.ping(c, e) {
			return
		}
		next = min(next, c.due)
	}
	timer := l.fireTimer(c)
	if !c.live() {
		return
	}
	if timer > 0 {
		next = min(next, timer)
	}
	if timer > 0 || c.has(flagPings) || c.dec.Partial() || c.out != nil {
		l.schedule(c, next)
	}
}

// startPings spreads the first ping over half an interval, so that connections that were opened together are not pinged
// together. Jitter only shortens an interval.
func (l *Loop) startPings(c *Conn) {
	e := l.endpointOf(c)
	if e.PingInterval <= 0 || c.has(flagPings) {
		return
	}
	c.set(flagPings)
	n := l.engine.ticksOf(e.PingInterval)
	c.due = l.wheel.now + n - rand.Uint32N(n/2+1)
	l.schedule(c, c.due)
}

// StartPings begins the pings of a connection whose endpoint has HoldPings; a second call does nothing.
func (c *Conn) StartPings() {
	if c.open() {
		c.loop.startPings(c)
	}
}

// ping sends a ping when it is due, and checks for a sign of life when PongTimeout is over; c.due is the tick of the
// next of the two. It returns false when it has closed the connection. A peer has a tick more than PongTimeout, because
// this tick may be late and the next one in time.
func (l *Loop) ping(c *Conn, e *Endpoint) bool {
	now := l.wheel.now
	if now < c.due {
		return true
	}
	interval, pong := l.engine.ticksOf(e.PingInterval), l.engine.ticksOf(e.PongTimeout)+1
	if c.has(flagPinged) {
		if c.heard < c.due-pong && l.readsOn(c, c.due-pong) {
			c.heard = now
		}
		if c.heard < c.due-pong {
			l.counters.limits.pongTimeout.Add(1)
			c.closeNow(e.PongCode, "no pong", ErrNoPong)
			return false
		}
		c.clear(flagPinged)
		if c.due += interval - pong; now < c.due {
			return true
		}
	}
	c.set(flagPinged)
	c.due = now + pong
	l.queueControl(c, func(dst []byte) []byte { return append(dst, l.pings[c.endpoint]...) })
	return true
}

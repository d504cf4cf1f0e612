//go:build !windows

package netpoll

import (
	"math"
	"time"
)

// Timers of the application. A connection has at most one; it shares the connection's entry in the wheel, and only the
// connections that have a timer take memory for it: an entry of 8 bytes in a map of the loop.

// connTimers are the timers of a loop's connections.
type connTimers struct {
	due  map[int32]uint32 // by descriptor: the server's clock in ticks, rounded up
	peak peak
}

// SetTimer has [Endpoint.OnTimer] called once, d from now, and replaces a timer that was set before. A d of zero or less
// removes the timer. The timer fires at a tick of the loop ([Server.Tick], one second by default), up to two ticks late and
// never early; a loop that is busy makes it later. It costs a few bytes while it is set, whatever d is, and ends with the
// connection: after OnClose it does not fire.
//
// Like all methods of Conn it must be called on the connection's loop.
func (c *Conn) SetTimer(d time.Duration) {
	l := c.loop
	if d <= 0 || !c.live() {
		l.timers.remove(c)
		return
	}
	now, tick := l.engine.clock(), l.engine.Tick
	due := uint32(min((now+min(d, math.MaxInt64/2)+tick-1)/tick, math.MaxUint32))
	if l.timers.due == nil {
		l.timers.due = make(map[int32]uint32)
	}
	l.timers.due[c.fd] = due
	l.schedule(c, l.timerTick(due, now))
}

// timerTick is the tick of the wheel at which a timer is to be looked at. The wheel counts the ticks that the loop has
// handled, of which a busy loop misses some.
func (l *Loop) timerTick(due uint32, now time.Duration) uint32 {
	ticks := due - min(due, uint32(now/l.engine.Tick))
	return l.wheel.now + min(ticks, wheelSlots)
}

// fireTimer calls OnTimer if c's timer is due. It returns the tick at which to look again, or 0 if no timer is set.
func (l *Loop) fireTimer(c *Conn) (next uint32) {
	due, ok := l.timers.due[c.fd]
	if !ok {
		return 0
	}
	if now := l.engine.clock(); now < time.Duration(due)*l.engine.Tick {
		return l.timerTick(due, now)
	}
	l.timers.remove(c)
	if e := l.endpointOf(c); e.OnTimer != nil {
		l.callOnTimer(c, e)
	}
	if due, ok = l.timers.due[c.fd]; ok { // OnTimer has set it again
		return l.timerTick(due, l.engine.clock())
	}
	return 0
}

func (l *Loop) callOnTimer(c *Conn, e *Endpoint) {
	defer l.recoverPanic(c.Handle())
	e.OnTimer(c)
}

// remove forgets c's timer, if there is one.
func (t *connTimers) remove(c *Conn) {
	if len(t.due) > 0 {
		remove(&t.due, &t.peak, c.fd)
	}
}

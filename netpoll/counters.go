//go:build !windows

package netpoll

import (
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/durations"
	"github.com/throngd/throng/netpoll/upgrade"
)

// counters are the figures of a loop. Only the loop writes, so that no cache line is shared between loops. What happens
// once per member of a broadcast is counted once per broadcast.
type counters struct {
	_ [64]byte

	accepted, acceptErrors  atomic.Int64
	upgraded, detached      atomic.Int64
	refused4xx, refused5xx  atomic.Int64
	causes                  [upgrade.NumCauses]atomic.Int64
	closes                  [numCloses]atomic.Int64
	messagesIn, messagesOut turnCount
	bytesIn, bytesOut       atomic.Int64
	backlog, memory         atomic.Int64 // of the backlogs, see backlog.go
	dropped, deferred       atomic.Int64
	limits                  limitCounters
	network, waiting        durations.Recorder
	tls, upgrade            durations.Recorder
	transmit, closing, lags durations.Recorder
	busy, lag               atomic.Int64 // nanoseconds
	tickSent                atomic.Int64 // clock when the ticker triggered the last tick; the ticker writes it
	ticked                  atomic.Int64 // clock when the last tick was handled
	turns                   uint32       // until the next sample
	_                       [64]byte
}

// turnCount counts what happens many times in a turn. Other goroutines see it at the end of the turn: an atomic
// operation per message would be the largest part of the cost of delivering it.
type turnCount struct {
	n    int64 // of this turn; loop only
	past atomic.Int64
}

func (c *turnCount) publish() {
	if c.n != 0 {
		c.past.Add(c.n)
		c.n = 0
	}
}

func (t *counters) publish() {
	t.messagesIn.publish()
	t.messagesOut.publish()
}

// sampleTurns is the number of turns of sockets per turn that is timed: reading the clock twice takes a fiftieth of a
// short turn. It is a prime, so that no pattern of the load is missed.
const sampleTurns = 13

// beginTurn returns the weight of a turn that is timed, and when it began; weight 0 is not timed. Turns of the mailbox
// and of the listener are long and always timed.
func (l *Loop) beginTurn(fd int) (weight int64, began time.Duration) {
	if fd == l.waker.fd || fd == l.listener {
		return 1, l.engine.clock()
	}
	if l.counters.turns++; l.counters.turns < sampleTurns {
		return 0, 0
	}
	l.counters.turns = 0
	return sampleTurns, l.engine.clock()
}

func (l *Loop) finishTurn(weight int64, began time.Duration) {
	if weight > 0 {
		l.counters.busy.Add(weight * int64(l.engine.clock()-began))
	}
}

// observeTick records how late the tick is that is handled now.
func (l *Loop) observeTick() (began time.Duration) {
	now := l.engine.clock()
	lag := now - time.Duration(l.counters.tickSent.Load())
	l.counters.lag.Store(int64(lag))
	l.counters.lags.Observe(lag)
	l.counters.ticked.Store(int64(now))
	return now
}

// The close codes that are counted one by one: those of RFC 6455 and of the Centrifuge protocol, and the first of the
// range that is free for applications.
const (
	protocolCodes = 16 // 1000 to 1015
	otherCodes    = 20 // of each of the ranges below
	numCloses     = 1 + protocolCodes + 4*otherCodes
)

// closeIndex returns the index at which a code is counted; 0 is for all others.
func closeIndex(c frame.CloseCode) int {
	if c >= 1000 && c < 1000+protocolCodes {
		return 1 + int(c-1000)
	}
	if off := c % 500; c >= 3000 && c < 5000 && off < otherCodes {
		return 1 + protocolCodes + int(c-3000)/500*otherCodes + int(off)
	}
	return 0
}

func closeCodeAt(i int) frame.CloseCode {
	switch {
	case i == 0:
		return 0
	case i <= protocolCodes:
		return frame.CloseCode(1000 + i - 1)
	}
	i -= 1 + protocolCodes
	return frame.CloseCode(3000 + i/otherCodes*500 + i%otherCodes)
}

// countSent counts the messages of a slice of bc that served so many members.
func (t *counters) countSent(bc *broadcast, members int) {
	t.messagesOut.n += int64(members*bc.messages - bc.dropped)
	bc.dropped = 0
}

// countWritten counts n bytes that a plain socket has taken. TLS counts its records itself.
func (t *counters) countWritten(c *Conn, n int) {
	if c.tls == nil {
		t.bytesOut.Add(int64(n))
	}
}

// The times of a connection. A Conn has one field for them, started, in microseconds of the clock, which wraps after 71
// minutes: no phase that is timed lasts as long.

func (l *Loop) startTiming(c *Conn) { c.started = uint32(l.engine.clock() / time.Microsecond) }

// elapsed returns the time since startTiming.
func (l *Loop) elapsed(c *Conn) time.Duration {
	return time.Duration(uint32(l.engine.clock()/time.Microsecond)-c.started) * time.Microsecond
}

// countAccepted counts c, which was accepted, with the times that the kernel has measured.
func (l *Loop) countAccepted(c *Conn) {
	l.counters.accepted.Add(1)
	if rtt, waited, ok := networkTimes(int(c.fd)); ok {
		l.counters.network.Observe(rtt)
		l.counters.waiting.Observe(waited)
	}
	l.startTiming(c)
}

// observeTLS records the duration of a TLS handshake.
func (l *Loop) observeTLS(c *Conn) {
	l.counters.tls.Observe(l.elapsed(c))
	l.startTiming(c)
}

// observeUpgrade records the duration of an upgrade.
func (l *Loop) observeUpgrade(c *Conn) {
	l.counters.upgraded.Add(1)
	l.counters.upgrade.Observe(l.elapsed(c))
	c.started = 0
}

// observeClosing records the duration of the closing handshake, at the end of a socket to which a close frame was sent.
func (l *Loop) observeClosing(c *Conn) {
	if !c.has(flagOpened) || !c.ending() {
		return
	}
	took := l.elapsed(c)
	l.counters.closing.Observe(took)
	if f := l.engine.onEnd; f != nil {
		defer l.recoverTaskPanic()
		f(c.Context(), took)
	}
}

// refusedFor counts a response that ends a connection before its upgrade. Its status follows "HTTP/1.1 ".
func (t *counters) refusedFor(why upgrade.Cause, response []byte) {
	t.causes[why].Add(1)
	if why == upgrade.CauseHeaderSize {
		t.limits.maxHeader.Add(1)
	}
	if len(response) > 9 {
		switch response[9] {
		case '4':
			t.refused4xx.Add(1)
		case '5':
			t.refused5xx.Add(1)
		}
	}
}

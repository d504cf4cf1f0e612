//go:build !windows

package netpoll

import (
	"sync/atomic"
	"time"
)

// lag is how late a loop is: with every tick a note goes through its mailbox, behind all that
// was posted before, and the loop reads how long that took. One note is under way at a time.
type lag struct {
	sent atomic.Int64 // clock at which the note under way was posted; 0 = none is
	last atomic.Int64 // how long the last one took
}

// probe sends a note. Ticker only.
func (l *Loop) probe() {
	if l.lag.sent.CompareAndSwap(0, int64(l.engine.clock())) {
		l.Do(l.probed)
	}
}

func (l *Loop) probed() {
	l.lag.last.Store(int64(l.engine.clock()) - l.lag.sent.Load())
	l.lag.sent.Store(0)
}

// Lag is how long what is posted to the loop takes to be carried out: measured with every
// tick, or the time for which an answer is missing now if that is longer. Any goroutine may
// call it.
func (l *Loop) Lag() time.Duration {
	late := l.lag.last.Load()
	if sent := l.lag.sent.Load(); sent != 0 {
		late = max(late, int64(l.engine.clock())-sent)
	}
	return time.Duration(late)
}

//go:build !windows

package netpoll

import (
	"sync/atomic"
	"time"
)

// lag measures how late a loop is: with every tick a probe goes through its mailbox, behind all that was posted before.
// One probe is under way at a time.
type lag struct {
	sent atomic.Int64 // clock at which the probe under way was posted; 0 = none is
	last atomic.Int64 // how long the last probe took
}

// probe sends a probe. Ticker only.
func (l *Loop) probe() {
	if l.lag.sent.CompareAndSwap(0, int64(l.engine.clock())) {
		l.Do(l.probed)
	}
}

func (l *Loop) probed() {
	l.lag.last.Store(int64(l.engine.clock()) - l.lag.sent.Load())
	l.lag.sent.Store(0)
}

// currentLag returns how long a function that is posted to the loop waits before it runs: as measured with the last tick, or
// the time for which the probe under way has waited, if that is longer. Any goroutine may call it.
func (l *Loop) currentLag() time.Duration {
	late := l.lag.last.Load()
	if sent := l.lag.sent.Load(); sent != 0 {
		late = max(late, int64(l.engine.clock())-sent)
	}
	return time.Duration(late)
}

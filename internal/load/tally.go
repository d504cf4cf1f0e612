package load

import "sync/atomic"

// tally is what other goroutines may read of a worker at any time.
type tally struct {
	open, opened              atomic.Int64 // opened counts every time, also those that come back
	settled                   atomic.Int64 // clients whose first opening is over, one way or the other
	sent, answered, delivered atomic.Int64
	unanswered, read          atomic.Int64 // publishes on open connections; histories
	gone                      atomic.Int64 // clients that misbehave and whose connection has ended
	pages                     atomic.Int64 // of histories
	pings, pinged             atomic.Int64 // answered; clients that did (worker.unping)
}

// counts are the tallies of all workers together.
type counts struct {
	open, opened, settled, sent, answered, delivered, unanswered, read, gone, pages, pings, pinged int64
}

// counts may be called by any goroutine.
func (r *run) counts() (c counts) {
	for _, w := range r.workers {
		t := &w.tally
		c.open += t.open.Load()
		c.opened += t.opened.Load()
		c.settled += t.settled.Load()
		c.sent += t.sent.Load()
		c.answered += t.answered.Load()
		c.delivered += t.delivered.Load()
		c.unanswered += t.unanswered.Load()
		c.read += t.read.Load()
		c.gone += t.gone.Load()
		c.pages += t.pages.Load()
		c.pings += t.pings.Load()
		c.pinged += t.pinged.Load()
	}
	return c
}

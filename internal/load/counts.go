package load

import "sync/atomic"

// counters are those of a worker that other goroutines may read at any time.
type counters struct {
	open, opened              atomic.Int64 // opened includes the connections that were opened again
	attempted                 atomic.Int64 // clients whose first opening has succeeded or failed
	sent, answered, delivered atomic.Int64
	unanswered, read          atomic.Int64 // publishes on open connections; histories
	gone                      atomic.Int64 // clients that misbehave and whose connection the server has ended
	pages                     atomic.Int64 // of histories
	pings, pinged             atomic.Int64 // pings answered; clients that answered one (worker.resetPinged)
}

// counts are the sums over all workers.
type counts struct {
	open, opened, attempted, sent, answered, delivered, unanswered, read, gone, pages, pings, pinged int64
}

// counts may be called by any goroutine.
func (r *run) counts() (c counts) {
	for _, w := range r.workers {
		t := &w.counters
		c.open += t.open.Load()
		c.opened += t.opened.Load()
		c.attempted += t.attempted.Load()
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

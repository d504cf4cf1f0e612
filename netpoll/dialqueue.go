//go:build !windows

package netpoll

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/throngd/throng/internal/durations"
)

// dialQueue holds the dials of one loop: those that wait, and the number of those in flight.
type dialQueue struct {
	limit            int
	onError          func(*DialError) // Client.OnDialError
	inFlight, failed atomic.Int64     // only the loop writes
	connect          durations.Recorder

	mu        sync.Mutex // between the goroutines that dial and the loop; not on the path of a message
	queue     []*dialAttempt
	scheduled bool // startDials is posted or running
	closed    bool
}

// push queues g and reports whether startDials must be posted.
func (d *dialQueue) push(g *dialAttempt) (schedule bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false, ErrClientClosed
	}
	d.queue = append(d.queue, g)
	schedule = !d.scheduled && d.inFlight.Load() < int64(d.limit)
	d.scheduled = d.scheduled || schedule
	return schedule, nil
}

// pushFront queues g in front of the others. It returns false when the client is closed. Only the loop may call it.
func (d *dialQueue) pushFront(g *dialAttempt) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.queue = slices.Insert(d.queue, 0, g)
	}
	return !d.closed
}

// pop returns the next dial that may start, or nil.
func (d *dialQueue) pop() *dialAttempt {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == 0 || d.inFlight.Load() >= int64(d.limit) {
		d.scheduled = false
		return nil
	}
	g := d.queue[0]
	d.queue[0] = nil
	if d.queue = d.queue[1:]; len(d.queue) == 0 {
		d.queue = nil
	}
	return g
}

// release counts one dial in flight less and reports whether startDials must be posted.
func (d *dialQueue) release() (schedule bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inFlight.Add(-1)
	schedule = !d.scheduled && len(d.queue) > 0
	d.scheduled = d.scheduled || schedule
	return schedule
}

// close refuses further dials and returns those that wait.
func (d *dialQueue) close() []*dialAttempt {
	d.mu.Lock()
	defer d.mu.Unlock()
	rest := d.queue
	d.queue, d.closed = nil, true
	return rest
}

func (d *dialQueue) addTo(st *ClientStats) {
	d.mu.Lock()
	st.DialsQueued += int64(len(d.queue))
	d.mu.Unlock()
	st.DialsInFlight += d.inFlight.Load()
	st.DialsFailed += d.failed.Load()
	st.Connect.Add(Histogram(d.connect.Snapshot()))
}

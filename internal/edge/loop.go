package edge

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// loop is what the sessions of one event loop share. Only that loop touches it, but for out, waits and counters.
type loop struct {
	edge     *Edge
	index    int
	out      *netpoll.Loop
	reader   protocol.Reader
	reply    []byte   // scratch of replies
	waiting  []waiter // for their connect command
	waits    atomic.Int32
	counters counters
}

// waiter is a session that has until due to send its connect command.
type waiter struct {
	s   *session
	due time.Time
}

// await begins the deadline of a new session.
func (l *loop) await(s *session) {
	l.waiting = append(l.waiting, waiter{s, time.Now().Add(l.edge.cfg.ConnectTimeout)})
	l.waits.Add(1)
}

// expire closes the sessions whose deadline is over, and forgets those that need none any more.
func (l *loop) expire() {
	now, b := time.Now(), l.out.NewBatch()
	l.waiting = slices.DeleteFunc(l.waiting, func(w waiter) bool {
		if w.s.state == opened && now.Before(w.due) {
			return false
		}
		if w.s.state == opened {
			d := protocol.DisconnectStale
			b.Close(w.s.conn, frame.CloseCode(d.Code), d.Reason)
		}
		return true
	})
	if len(l.waiting) == 0 {
		l.waiting = nil // a wave of connections must not leave its list behind
	}
	l.waits.Store(int32(len(l.waiting)))
	l.out.Post(b)
}

// sweep makes the loops look at their deadlines. One ticker serves them all: a timer for each connection would cost
// more than the connection.
func (e *Edge) sweep() {
	defer e.swept.Done()
	t := time.NewTicker(max(e.cfg.ConnectTimeout/10, 20*time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-t.C:
			for _, l := range e.loops {
				if l.waits.Load() > 0 {
					l.out.Do(l.expire)
				}
			}
		}
	}
}

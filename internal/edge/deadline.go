package edge

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
)

// loop is what the sessions of one event loop share. Only that loop touches it, but for out, waits and counters.
type loop struct {
	edge      *Edge
	index     int
	out       *netpoll.Loop
	reader    jsonwire.Reader
	reply     []byte                       // scratch of replies
	waiting   []waiter                     // have a deadline
	requests  map[*session]*UpgradeRequest // of those that have not connected, if somebody wants them
	begun     map[*session]time.Time       // of the sessions that began while the log took debug lines
	admission admission
	waits     atomic.Int32
	counters  counters
}

// keepRequest keeps what was known of a session from its request until dropRequest.
func (l *loop) keepRequest(s *session, f *UpgradeRequest) {
	if l.requests == nil {
		l.requests = make(map[*session]*UpgradeRequest)
	}
	l.requests[s] = f
}

func (l *loop) dropRequest(s *session) {
	if delete(l.requests, s); len(l.requests) == 0 {
		l.requests = nil // a wave of connections must not leave its map behind
	}
}

// waiter is a session with a deadline: for its connect command, and then for its identity if that expires.
type waiter struct {
	s   *session
	due time.Time // of the connect command
}

// await begins the deadline of a session.
func (l *loop) watch(s *session) {
	l.waiting = append(l.waiting, waiter{s, time.Now().Add(l.edge.cfg.ConnectTimeout)})
	l.waits.Add(1)
}

// expire closes the sessions whose deadline is over, and forgets those that have none any more.
func (l *loop) expire() {
	now, b := time.Now(), l.out.NewBatch()
	l.waiting = slices.DeleteFunc(l.waiting, func(w waiter) bool {
		due, d := w.deadline()
		if d != nil && now.Before(due) {
			return false
		}
		if d != nil {
			if d == protocol.DisconnectStale {
				l.counters.stale.Add(1)
			}
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

// deadline tells until when the session has time, and for what; nil: for ever.
func (w waiter) deadline() (due time.Time, d *protocol.Disconnect) {
	switch s := w.s; {
	case s.state == opened:
		return w.due, protocol.DisconnectStale
	case s.state == connected && s.expireAt != 0:
		e := s.loop.edge
		return e.started.Add(time.Duration(s.expireAt)*time.Second + e.cfg.expireGrace), protocol.DisconnectExpired
	}
	return due, nil
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

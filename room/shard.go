package room

import (
	"runtime"
	"time"
)

// turnMax bounds the nodes of one turn: what they cause is delivered in one
// batch per loop, so more is cheaper, and less is sooner.
const turnMax = 512

// shard owns the rooms that hash to it. Everything in it belongs to its one
// goroutine, except the mailbox and the counters.
type shard struct {
	hub  *Hub
	cfg  *Config
	box  *mailbox
	feed feedBound
	log  Log
	mem  *memory // log, when it is the memory log

	now     time.Duration // of this turn, on the clock that nobody sets
	day     time.Time     // of this turn: what messages carry
	rooms   map[string]*room
	most    peak // of rooms
	waits   waits
	keys    window
	sayings queue[*announcement]
	suspect queue[suspicion]
	sweepAt time.Duration

	departures queue[departure]

	stopped bool     // publishes are refused, see stop.go
	settled []func() // are called when those accepted before are with the loops

	out     [][]Event // per loop, of this turn
	answers arena
	counters
	done chan struct{}
}

func newShard(h *Hub, i int) *shard {
	s := &shard{
		hub: h, cfg: &h.cfg,
		box:   newMailbox(h.cfg.Mailbox),
		rooms: make(map[string]*room),
		keys:  newWindow(h.cfg.IdempotencyWindow, h.cfg.IdempotencyKeys/h.cfg.Shards, &h.met.idempotencyKeys),
		out:   make([][]Event, h.cfg.Loops),
		done:  make(chan struct{}),
	}
	s.day, s.now = h.cfg.Clock()
	s.feed.max = 4 * int64(h.cfg.Mailbox)
	if h.cfg.NewLog != nil {
		s.log = h.cfg.NewLog(i, remote{s})
	} else {
		s.mem = newMemory(s, h)
		s.log = s.mem
	}
	return s
}

// run is the life of a shard: turns until it is closed and nothing is left.
func (s *shard) run() {
	defer close(s.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		n := s.turn()
		if n >= turnMax {
			continue
		}
		if s.departures.len() > 0 {
			runtime.Gosched() // others are first
			continue
		}
		if s.box.finished() && s.waits.n == 0 {
			break
		}
		if s.rest(timer) {
			s.abandon()
		}
	}
	s.log.Shutdown()
	s.publish(0)
}

// turn handles what is in the mailbox, up to turnMax, and what is due, and
// delivers what came of it.
func (s *shard) turn() (n int) {
	s.cfg = s.hub.live.Load()
	s.day, s.now = s.cfg.Clock()
	for ; n < turnMax; n++ {
		e := s.box.take()
		if e == nil {
			break
		}
		s.handle(e)
		e.forget()
	}
	n += s.depart()
	s.timers()
	s.deliver()
	s.settle()
	s.publish(s.waits.n)
	return n
}

func (s *shard) handle(n *node) {
	switch n.kind {
	case command:
		s.command(&n.cmd)
	case appended:
		s.Appended(n.token, n.stored)
	case found:
		s.Found(n.token, n.result)
	case message:
		s.feed.n.Add(-1)
		s.Message(n.room, n.pub)
	case lost:
		s.Lost(n.room)
	case call:
		n.call()
	case departed:
		s.departures.push(n.departure)
	}
}

func (s *shard) command(c *Command) {
	switch c.Op {
	case Join:
		s.join(c)
	case Leave:
		s.leave(c)
	case Publish:
		s.accept(c)
	case Presence, PresenceStats:
		s.presence(c)
	case History:
		s.history(c)
	}
}

// rest waits for the mailbox or the next due time. It reports whether the hub
// closes and the log has been silent for too long.
func (s *shard) rest(timer *time.Timer) (silent bool) {
	s.box.sleep.Store(true)
	defer s.box.sleep.Store(false)
	if !s.box.empty() || s.box.finished() && s.waits.n == 0 {
		return false
	}
	closing := s.box.closed()
	var due <-chan time.Time
	if d, ok := s.pause(closing); ok {
		timer.Reset(d)
		due = timer.C
	}
	select {
	case <-s.box.wake:
		return false
	case <-due:
		return closing
	}
}

// abandon answers, at the end, what the log has left unanswered.
func (s *shard) abandon() {
	for _, w := range s.waits.all() {
		switch {
		case w.token == 0: // ended together with another
		case w.cmd.Op == repair: // its members go anyway
			s.waits.end(w)
		default:
			s.expire(w)
		}
	}
	s.deliver()
}

// deliver hands every loop its events of this turn.
func (s *shard) deliver() {
	for i, ev := range s.out {
		if len(ev) == 0 {
			continue
		}
		s.cfg.Deliver(i, ev)
		clear(ev)
		s.out[i] = ev[:0]
		if cap(ev) > 16*turnMax {
			s.out[i] = nil // a burst is over
		}
	}
	s.answers.reset()
}

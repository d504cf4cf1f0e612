package room

import (
	"runtime"
	"time"
)

// turnMax bounds the mailbox entries of one turn. The events of a turn are
// delivered in one batch for each loop: a larger bound is cheaper, a smaller one
// delivers sooner.
const turnMax = 512

// shard owns the rooms that hash to it. Everything in it belongs to its one
// goroutine, except the mailbox and the counters.
type shard struct {
	hub    *Hub
	cfg    *Config // loaded in each turn, since Reload replaces it
	box    *mailbox
	feed   feedBound
	log    Log
	keeper keeper // log, if it is one

	now   time.Duration // of this turn, on the monotonic clock
	day   time.Time     // of this turn, the time that messages carry
	rooms map[string]*room

	waits      waits
	keys       keyWindow
	joinLeaves queue[*joinLeave]
	gapChecks  queue[gapCheck]
	leaveAlls  queue[leaveAll]
	sweepAt    time.Duration

	stopped   bool     // publishes are refused (stop.go)
	onStopped []func() // called when the publishes accepted before have been delivered

	out       [][]Event // per loop, of this turn
	answers   answerArena
	peakRooms peak
	counters
	done chan struct{}
}

func newShard(h *Hub, i int) *shard {
	s := &shard{
		hub: h, cfg: &h.cfg,
		box:   newMailbox(h.cfg.Mailbox),
		rooms: make(map[string]*room),
		keys:  newKeyWindow(h.cfg.IdempotencyWindow, h.cfg.IdempotencyKeys/h.cfg.Shards, &h.limits.idempotencyKeys),
		out:   make([][]Event, h.cfg.Loops),
		done:  make(chan struct{}),
	}
	s.day, s.now = h.cfg.Clock()
	s.feed.max = 4 * int64(h.cfg.Mailbox)
	s.log = h.newLog(i, s)
	s.keeper, _ = s.log.(keeper)
	return s
}

// run is the goroutine of the shard. It ends when the hub is closed and nothing
// waits any more.
func (s *shard) run() {
	defer close(s.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		n := s.turn()
		if n >= turnMax {
			continue
		}
		if s.leaveAlls.len() > 0 {
			runtime.Gosched() // let goroutines that submit commands run first
			continue
		}
		if s.box.finished() && s.waits.n == 0 {
			break
		}
		if s.sleep(timer) {
			s.timeOutAll()
		}
	}
	s.log.Shutdown()
	s.export(0)
}

// turn handles up to turnMax entries of the mailbox and the timers that are due,
// and delivers the events.
func (s *shard) turn() (n int) {
	s.cfg = s.hub.live.Load()
	s.day, s.now = s.cfg.Clock()
	for ; n < turnMax; n++ {
		e := s.box.take()
		if e == nil {
			break
		}
		s.handle(e)
		e.clear()
	}
	n += s.processLeaves()
	s.timers()
	s.deliver()
	s.notifyStopped()
	s.export(s.waits.n)
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
	case leaving:
		s.leaveAlls.push(n.leave)
	}
}

func (s *shard) command(c *Command) {
	switch c.Op {
	case Join:
		s.join(c)
	case Leave:
		s.leave(c)
	case Publish:
		s.publish(c)
	case Presence, PresenceStats:
		s.presence(c)
	case History:
		s.history(c)
	}
}

// sleep waits for the mailbox or the next timer. It reports whether the hub is
// closing and the log has not answered for Config.LogTimeout.
func (s *shard) sleep(timer *time.Timer) (silent bool) {
	s.box.sleep.Store(true)
	defer s.box.sleep.Store(false)
	if !s.box.empty() || s.box.finished() && s.waits.n == 0 {
		return false
	}
	closing := s.box.closed()
	var due <-chan time.Time
	if d, ok := s.nextDue(closing); ok {
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

// timeOutAll answers what the log has left unanswered when the hub is closed.
func (s *shard) timeOutAll() {
	for _, w := range s.waits.all() {
		switch {
		case w.token == 0: // it ended with another wait of this loop
		case w.cmd.Op == repair: // nobody waits for the answer
			s.waits.end(w)
		default:
			s.timeOut(w)
		}
	}
	s.deliver()
}

func (s *shard) emit(loop int, e Event) { s.out[loop] = append(s.out[loop], e) }

// deliver hands each loop its events of this turn.
func (s *shard) deliver() {
	for i, ev := range s.out {
		if len(ev) == 0 {
			continue
		}
		s.cfg.Deliver(i, ev)
		clear(ev)
		s.out[i] = ev[:0]
		if cap(ev) > 16*turnMax {
			s.out[i] = nil // give back the memory of a burst
		}
	}
	s.answers.reset()
}

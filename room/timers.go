package room

import (
	"math"
	"time"
)

// timersMax bounds how many due things of one kind a turn handles.
const timersMax = 256

// sweepEvery is the time between two sweeps for expired history and keys.
const sweepEvery = time.Second

// timers does what is due. Things of a kind wait equally long, so each kind is
// a queue and only its first is looked at.
func (s *shard) timers() {
	for i := 0; i < timersMax && s.sayings.len() > 0 && s.due((*s.sayings.first()).due); i++ {
		s.say(s.sayings.pop())
	}
	for i := 0; i < timersMax && s.waits.queue.len() > 0 && s.due(s.waits.queue.first().due); i++ {
		if w := s.waits.get(s.waits.queue.pop().token); w != nil {
			s.expire(w)
		}
	}
	for i := 0; i < timersMax && s.suspect.len() > 0 && s.due(s.suspect.first().due); i++ {
		s.verify(s.suspect.pop())
	}
	if s.due(s.sweepAt) {
		s.sweep()
	}
}

func (s *shard) due(t time.Duration) bool { return s.now >= t }

// sweep drops expired history and keys, a bounded number at a time, and sees to
// what the feed has dropped.
func (s *shard) sweep() {
	s.sweepAt = s.now + sweepEvery
	if s.feed.lost.Swap(false) {
		s.Lost("")
	}
	more := s.keys.sweep(s.now)
	if s.mem != nil && s.mem.sweep() {
		more = true
	}
	if more {
		s.sweepAt = s.now + sweepEvery/20
	}
}

const never = time.Duration(math.MaxInt64)

// pause is how long nothing will be due; false: for ever. While the hub closes
// it is the time left to the log, by the real clock.
func (s *shard) pause(closing bool) (time.Duration, bool) {
	if closing {
		return s.cfg.LogTimeout, true
	}
	next := never
	soonest := func(t time.Duration) { next = min(next, t) }
	if s.sayings.len() > 0 {
		soonest((*s.sayings.first()).due)
	}
	if s.waits.queue.len() > 0 {
		soonest(s.waits.queue.first().due)
	}
	if s.suspect.len() > 0 {
		soonest(s.suspect.first().due)
	}
	if s.feed.lost.Load() || s.keys.len() > 0 || s.mem != nil && s.mem.keeps() {
		soonest(s.sweepAt)
	}
	return max(next-s.now, time.Millisecond), next != never
}

package room

import (
	"math"
	"time"
)

// maxTimers bounds the timers of one kind that a turn handles.
const maxTimers = 256

// sweepInterval is the time between two sweeps for expired history and keys.
const sweepInterval = time.Second

// timers runs the timers that are due. All timers of a kind run equally long,
// so each kind is a queue of which only the first entry is looked at.
func (s *shard) timers() {
	for i := 0; i < maxTimers && s.joinLeaves.len() > 0 && s.due((*s.joinLeaves.first()).due); i++ {
		s.pushJoinLeave(s.joinLeaves.pop())
	}
	for i := 0; i < maxTimers && s.waits.timeouts.len() > 0 && s.due(s.waits.timeouts.first().due); i++ {
		if w := s.waits.get(s.waits.timeouts.pop().token); w != nil {
			s.timeOut(w)
		}
	}
	for i := 0; i < maxTimers && s.gapChecks.len() > 0 && s.due(s.gapChecks.first().due); i++ {
		s.runGapCheck(s.gapChecks.pop())
	}
	if s.due(s.sweepAt) {
		s.sweep()
	}
}

func (s *shard) due(t time.Duration) bool { return s.now >= t }

// sweep drops a bounded amount of expired history and keys, and schedules gap
// checks if the mailbox was too full for a message of the log.
func (s *shard) sweep() {
	s.sweepAt = s.now + sweepInterval
	if s.feed.lost.Swap(false) {
		s.Lost("")
	}
	more := s.keys.sweep(s.now)
	if s.keeper != nil && s.keeper.Sweep() {
		more = true
	}
	if more {
		s.sweepAt = s.now + sweepInterval/20
	}
}

const never = time.Duration(math.MaxInt64)

// nextDue returns the time until the next timer, false if there is none. While
// the hub closes it is the time that the log has to answer, whatever
// Config.Clock says.
func (s *shard) nextDue(closing bool) (time.Duration, bool) {
	if closing {
		return s.cfg.LogTimeout, true
	}
	next := never
	if s.joinLeaves.len() > 0 {
		next = min(next, (*s.joinLeaves.first()).due)
	}
	if s.waits.timeouts.len() > 0 {
		next = min(next, s.waits.timeouts.first().due)
	}
	if s.gapChecks.len() > 0 {
		next = min(next, s.gapChecks.first().due)
	}
	if s.feed.lost.Load() || s.keys.len() > 0 || s.keeper != nil && !s.keeper.Empty() {
		next = min(next, s.sweepAt)
	}
	return max(next-s.now, time.Millisecond), next != never
}

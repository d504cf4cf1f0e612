package limit

// Meter is the state of a Rate in 4 bytes: the time, on a clock of microseconds that wraps around, at which everything
// that was charged is earned. Initialize it with the time at which it begins. It is not safe for concurrent use. The time
// that one unit takes to earn is rounded down to whole microseconds.
type Meter uint32

// Take charges n units at time now, all or nothing, and reports whether they were allowed. A request that costs more than
// a burst is charged as a burst.
func (m *Meter) Take(r *Rate, now uint32, n int) bool {
	if r.step == 0 {
		return true
	}
	ahead, cost := m.ahead(r, now), min(max(r.cost(n), int64(min(n, 1))), r.burstMicros)
	if ahead+cost > r.burstMicros {
		return false
	}
	*m = Meter(now + uint32(ahead+cost))
	return true
}

// Idle reports whether a whole burst is allowed at time now.
func (m Meter) Idle(r *Rate, now uint32) bool { return m.ahead(r, now) == 0 }

// ahead is the time from now until m in microseconds. A Meter is never further ahead than a burst, so one that seems to be
// is from before the clock's last wrap-around.
func (m Meter) ahead(r *Rate, now uint32) int64 {
	ahead := int64(int32(uint32(m) - now))
	if ahead < 0 || ahead > r.burstMicros {
		return 0
	}
	return ahead
}

package limit

import (
	"sync/atomic"
	"time"
)

// Shared is the state of one Rate for several goroutines. The zero value has nothing charged.
type Shared struct{ due atomic.Int64 }

// Allows reports whether one unit may be charged at time now. Two goroutines that ask before they charge may exceed the
// burst by one.
func (s *Shared) Allows(r *Rate, now time.Duration) bool {
	return r.Unlimited() || r.allows(max(time.Duration(s.due.Load())-now, 0))
}

// Charge charges one unit at time now.
func (s *Shared) Charge(r *Rate, now time.Duration) {
	for !r.Unlimited() {
		due := s.due.Load()
		if s.due.CompareAndSwap(due, max(due, int64(now))+int64(r.step)) {
			return
		}
	}
}

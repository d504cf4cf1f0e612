//go:build !windows

package netpoll

import (
	"sync/atomic"
	"time"
)

// rateLimit bounds how often something happens: once per step, and a burst at once. It is the generic cell rate
// algorithm (ITU-T I.371), a token bucket whose state is one time, due: when everything that was allowed so far is
// earned. Times are of the engine's clock.
type rateLimit struct{ step, burst time.Duration }

// newRateLimit allows perSecond events per second, and those of the time over at once. 0 or less allows everything.
func newRateLimit(perSecond int, over time.Duration) rateLimit {
	if perSecond <= 0 {
		return rateLimit{}
	}
	step := max(time.Second/time.Duration(perSecond), 1)
	return rateLimit{step: step, burst: max(over, step)}
}

// allows reports whether one more event may happen now.
func (p rateLimit) allows(due, now time.Duration) bool {
	return p.step == 0 || max(due, now)+p.step-now <= p.burst
}

// spend returns due after one more event.
func (p rateLimit) spend(due, now time.Duration) time.Duration { return max(due, now) + p.step }

// replenished reports whether a whole burst is allowed, so that due need not be kept.
func (p rateLimit) replenished(due, now time.Duration) bool { return due <= now }

// acceptLimiter is the rate limit of all loops. Two loops may take the last place together.
type acceptLimiter struct {
	rateLimit
	due atomic.Int64
}

// acceptLimited reports whether new connections have to wait, for AcceptRate.
func (s *Server) acceptLimited() bool {
	p := &s.acceptLimit
	if p.step == 0 || p.allows(time.Duration(p.due.Load()), s.engine.clock()) {
		return false
	}
	s.refusals.paced.Add(1)
	return true
}

// countAccept counts one more new connection.
func (s *Server) countAccept() {
	p := &s.acceptLimit
	if p.step == 0 {
		return
	}
	for now := s.engine.clock(); ; {
		due := p.due.Load()
		if p.due.CompareAndSwap(due, int64(p.rateLimit.spend(time.Duration(due), now))) {
			return
		}
	}
}

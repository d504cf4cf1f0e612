//go:build !windows

package netpoll

import (
	"sync/atomic"
	"time"
)

// pace bounds how often something happens: every step once, and a burst of it at once. It is
// the generic cell rate algorithm (ITU-T I.371), a token bucket whose whole state is one
// time: when all that was allowed so far is earned. Times are of the server's clock.
type rateLimit struct{ step, burst time.Duration }

// newRateLimit allows perSecond for ever and over's worth at once. 0 or less allows everything.
func newRateLimit(perSecond int, over time.Duration) rateLimit {
	if perSecond <= 0 {
		return rateLimit{}
	}
	step := max(time.Second/time.Duration(perSecond), 1)
	return rateLimit{step: step, burst: max(over, step)}
}

// ready reports whether one more may happen now.
func (p rateLimit) allows(due, now time.Duration) bool {
	return p.step == 0 || max(due, now)+p.step-now <= p.burst
}

// charge is due after one more has happened.
func (p rateLimit) spend(due, now time.Duration) time.Duration { return max(due, now) + p.step }

// idle reports whether a whole burst is allowed: due says nothing any more.
func (p rateLimit) replenished(due, now time.Duration) bool { return due <= now }

// acceptLimiter is a pace of all loops. Two of them may take the last place together.
type acceptLimiter struct {
	rateLimit
	due atomic.Int64
}

// paced reports whether new connections must wait, for AcceptRate.
func (s *Server) acceptLimited() bool {
	p := &s.acceptLimit
	if p.step == 0 || p.allows(time.Duration(p.due.Load()), s.engine.clock()) {
		return false
	}
	s.refusals.paced.Add(1)
	return true
}

// charge counts one more new connection.
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

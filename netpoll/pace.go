//go:build !windows

package netpoll

import (
	"sync/atomic"
	"time"
)

// pace bounds how often something happens: every step once, and a burst of it at once. It is
// the generic cell rate algorithm (ITU-T I.371), a token bucket whose whole state is one
// time: when all that was allowed so far is earned. Times are of the server's clock.
type pace struct{ step, burst time.Duration }

// newPace allows perSecond for ever and over's worth at once. 0 or less allows everything.
func newPace(perSecond int, over time.Duration) pace {
	if perSecond <= 0 {
		return pace{}
	}
	step := max(time.Second/time.Duration(perSecond), 1)
	return pace{step: step, burst: max(over, step)}
}

// ready reports whether one more may happen now.
func (p pace) ready(due, now time.Duration) bool {
	return p.step == 0 || max(due, now)+p.step-now <= p.burst
}

// charge is due after one more has happened.
func (p pace) charge(due, now time.Duration) time.Duration { return max(due, now) + p.step }

// idle reports whether a whole burst is allowed: due says nothing any more.
func (p pace) idle(due, now time.Duration) bool { return due <= now }

// sharedPace is a pace of all loops. Two of them may take the last place together.
type sharedPace struct {
	pace
	due atomic.Int64
}

// paced reports whether new connections must wait, for AcceptRate.
func (s *Server) paced() bool {
	p := &s.accepts
	if p.step == 0 || p.ready(time.Duration(p.due.Load()), s.clock()) {
		return false
	}
	s.refused.paced.Add(1)
	return true
}

// charge counts one more new connection.
func (s *Server) charge() {
	p := &s.accepts
	if p.step == 0 {
		return
	}
	for now := s.clock(); ; {
		due := p.due.Load()
		if p.due.CompareAndSwap(due, int64(p.pace.charge(time.Duration(due), now))) {
			return
		}
	}
}

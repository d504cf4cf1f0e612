package limit

import "time"

// Rate is a number of units (commands, bytes, connections) per second, and how many of them may come at once. The zero
// value allows everything. It is immutable.
type Rate struct {
	step  time.Duration // that one unit takes to earn; 0: no limit
	burst time.Duration // that the charged units may take to earn

	stepMicros, burstMicros int64   // the same for a Meter
	microsPerUnit           float64 // a multiplication takes a quarter of the time of a division
}

// maxBurst bounds the burst of a Rate, and the cost of one request. A Meter, whose clock wraps around after 71 minutes,
// depends on it.
const maxBurst = 15 * time.Minute

// NewRate returns a rate of perSecond units for ever and burst units at once, but at least one. It allows everything if
// perSecond is 0 or less.
func NewRate(perSecond, burst int) Rate {
	if perSecond <= 0 {
		return Rate{}
	}
	r := Rate{step: max(time.Second/time.Duration(perSecond), 1), microsPerUnit: 1e6 / float64(perSecond)}
	r.stepMicros = max(r.step.Microseconds(), 1)
	r.burstMicros = max(r.cost(burst), r.stepMicros)
	r.burst = max(time.Duration(r.burstMicros)*time.Microsecond, r.step)
	return r
}

// Unlimited reports whether r allows everything.
func (r *Rate) Unlimited() bool { return r.step == 0 }

// cost is the time that n units take to earn, in microseconds, at most maxBurst.
func (r *Rate) cost(n int) int64 {
	if n == 1 {
		return r.stepMicros
	}
	return min(int64(float64(n)*r.microsPerUnit), int64(maxBurst/time.Microsecond))
}

// allows reports whether one unit may be charged. ahead is the time until everything charged before is earned.
func (r *Rate) allows(ahead time.Duration) bool { return ahead+r.step <= r.burst }

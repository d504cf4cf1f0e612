package edge

import (
	"math"
	"time"
)

// rate is how many of something a connection or a user may have: every step one, and a burst of them at once. It is the
// generic cell rate algorithm (ITU-T I.371), a token bucket whose whole state is one time, the meter: when all that was
// allowed so far is earned, in microseconds of the clock.
type rate struct {
	step  int32  // microseconds that one costs; 0: no limit
	burst int32  // microseconds that a meter may be ahead of its time
	flood uint16 // refusals in a row after which the connection is closed
}

// maxBurst keeps the times of meters, which wrap around after 71 minutes, apart.
const maxBurst = 15 * time.Minute

// floodBursts is how many bursts are refused before the connection is closed.
const floodBursts = 10

// newRate allows perSecond commands for ever, and two seconds' worth at once, but not less than burst. 0 a second
// allows everything.
func newRate(perSecond, burst int) (r rate) {
	if perSecond <= 0 {
		return r
	}
	step := max(time.Second/time.Duration(perSecond), time.Microsecond)
	commands := max(2*perSecond, burst)
	r.step = int32(step / time.Microsecond)
	r.burst = int32(min(step*time.Duration(commands), max(maxBurst, step)) / time.Microsecond)
	r.flood = uint16(min(floodBursts*commands, math.MaxUint16))
	return r
}

// idle tells whether a whole burst is allowed: the meter says nothing any more. What is further ahead than the burst
// is a time from before the clock's last wrap-around.
func (r rate) idle(meter, now uint32) bool {
	ahead := int32(meter - now)
	return ahead <= 0 || ahead > r.burst
}

// take charges one at time now. Refusals cost nothing: who slows down is served again.
func (r rate) take(meter *uint32, now uint32) bool { return r.spend(meter, now, r.step) }

// takeMany charges n as take charges one, all or nothing; more than a burst costs a burst.
func (r rate) takeMany(meter *uint32, now uint32, n int) bool {
	return r.spend(meter, now, int32(min(int64(n)*int64(r.step), int64(max(r.burst, r.step)))))
}

// spend charges microseconds at time now.
func (r rate) spend(meter *uint32, now uint32, cost int32) bool {
	if r.idle(*meter, now) {
		*meter = now
	}
	if int64(*meter-now)+int64(cost) > int64(max(r.burst, cost)) {
		return false
	}
	*meter += uint32(cost)
	return true
}

// byteRate is a rate of bytes: a step is far less than a microsecond.
type byteRate struct {
	perSecond int   // 0: no limit
	bytes     int   // of a burst
	burst     int32 // the same in microseconds
}

// newByteRate allows perSecond bytes for ever, and two seconds' worth at once, but not less than burst.
func newByteRate(perSecond, burst int) (r byteRate) {
	if perSecond <= 0 {
		return r
	}
	r.perSecond, r.bytes = perSecond, max(2*perSecond, burst)
	r.burst = r.cost(r.bytes)
	return r
}

// cost is what n bytes cost, in microseconds. Whatever costs more than maxBurst costs maxBurst.
func (r byteRate) cost(n int) int32 {
	us := (int64(n)*int64(time.Second/time.Microsecond) + int64(r.perSecond) - 1) / int64(r.perSecond)
	return int32(min(us, int64(maxBurst/time.Microsecond)))
}

func (r byteRate) idle(meter, now uint32) bool { return rate{burst: r.burst}.idle(meter, now) }

// take charges n bytes at time now.
func (r byteRate) take(meter *uint32, now uint32, n int) bool {
	return rate{burst: r.burst}.spend(meter, now, r.cost(n))
}

// clock is the time of meters. It wraps around.
func (e *Edge) clock() uint32 { return uint32(time.Since(e.began).Microseconds()) }

package edge

import (
	"time"

	"github.com/throngd/throng/internal/protocol"
)

// rate is how many commands a connection may send, or how many connections a user may open: every step one, and a
// burst of them at once. It is the generic cell rate algorithm (ITU-T I.371), a token bucket whose whole state is one
// time, the meter: when all that was allowed so far is earned, in microseconds of the clock.
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
	r.flood = uint16(min(floodBursts*commands, 1<<16-1))
	return r
}

// idle tells whether a whole burst is allowed: the meter says nothing any more. What is further ahead than the burst
// is a time from before the clock's last wrap-around.
func (r rate) idle(meter, now uint32) bool {
	ahead := int32(meter - now)
	return ahead <= 0 || ahead > r.burst
}

// take charges one at time now. Refusals cost nothing: who slows down is served again.
func (r rate) take(meter *uint32, now uint32) bool {
	if r.idle(*meter, now) {
		*meter = now
	}
	if int32(*meter-now)+r.step > max(r.burst, r.step) {
		return false
	}
	*meter += uint32(r.step)
	return true
}

// allow charges one command at time now.
func (s *session) allow(r rate, now uint32) bool {
	if r.idle(s.meter, now) {
		s.denied = 0
	}
	if r.take(&s.meter, now) {
		return true
	}
	if s.denied < r.flood {
		s.denied++
	}
	return false
}

// clock is the time of meters. It wraps around.
func (e *Edge) clock() uint32 { return uint32(time.Since(e.began).Microseconds()) }

// charge accounts for a command that came at time now, by the rate of that moment. What ends something is carried
// out all the same: it makes less work, not more.
func (s *session) charge(cmd protocol.Command, r rate, now uint32) error {
	if r.step == 0 || s.allow(r, now) {
		return nil
	}
	s.loop.counters.limited.Add(1)
	switch {
	case s.denied >= r.flood:
		s.loop.counters.flooded.Add(1)
		return protocol.DisconnectTooManyRequests
	case cmd.Method == protocol.MethodUnsubscribe:
		return nil
	}
	return protocol.ErrTooManyRequests
}

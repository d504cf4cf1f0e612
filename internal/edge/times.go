package edge

import (
	"time"

	"github.com/throngd/throng/room"
)

// How long a message takes from its publish command to its encoded push, on the way through its room. The command
// takes the time along in its token, where memberships have their serial number: 24 bits of microseconds, 16 seconds,
// which is more than a command may wait for an answer.

// stamped is the token of a publish command.
func (e *Edge) publishToken(id uint32) uint64 {
	return uint64(id) | e.micros()<<serialShift
}

func (e *Edge) micros() uint64 { return uint64(time.Since(e.started)/time.Microsecond) & serialMax }

// encoded counts the time of a publish whose answer is being delivered: what it has published is encoded by now, and
// handed over in the same turn. The clock is read once per delivery.
func (d *delivery) encoded(a *room.Answer) {
	if a.Op != room.Publish || a.Err != nil || a.Repeat {
		return
	}
	if !d.timed {
		d.timed, d.now = true, d.edge.micros()
	}
	took := (d.now - uint64(token(a.Token).serial())) & serialMax
	d.counters.encode.Observe(time.Duration(took) * time.Microsecond)
}

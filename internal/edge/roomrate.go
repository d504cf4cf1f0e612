package edge

import (
	"sync"

	"github.com/throngd/throng/room"
)

// roomRates knows how fast connections make rooms: those that have made some lately. It is looked at on shards, when a
// room is made, never for a message; nobody holds a lock for longer than a look into a map.
type roomRates struct{ stripes [16]roomStripe }

type roomStripe struct {
	mu    sync.Mutex
	of    map[room.ID]uint32 // meters, see rate.go
	sweep int                // size at which those that say nothing any more are looked for
}

// take charges a connection for one room at time now, unless it makes them faster than r.
func (rr *roomRates) take(client room.ID, r rate, now uint32) bool {
	s := &rr.stripes[int(client[0])%len(rr.stripes)]
	s.mu.Lock()
	defer s.mu.Unlock()
	meter, known := s.of[client]
	if !known {
		meter = now
		s.makeRoom(r, now)
	}
	ok := r.take(&meter, now)
	s.of[client] = meter
	return ok
}

// makeRoom goes before a new connection.
func (s *roomStripe) makeRoom(r rate, now uint32) {
	if s.of != nil && len(s.of) < s.sweep {
		return
	}
	of := make(map[room.ID]uint32)
	for client, meter := range s.of {
		if !r.idle(meter, now) {
			of[client] = meter
		}
	}
	s.of, s.sweep = of, 2*len(of)+16
}

// mayOpen tells a shard whether a connection may make one more room.
func (e *Edge) mayOpen(by *room.Info) bool {
	r := e.now().roomRate
	if r.step == 0 || e.roomRates.take(by.Client, r, e.clock()) {
		return true
	}
	e.roomsRefused.Add(1)
	return false
}

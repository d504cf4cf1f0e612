package room

import (
	"math"
	"time"
)

// suspicion is a room that may have missed a message for which no later one
// will tell: looked into after a while, since most come a moment later.
type suspicion struct {
	room   *room
	offset uint64
	due    time.Duration
}

const suspectFor = time.Second

// anyOffset asks for a read in any case.
const anyOffset = math.MaxUint64

// expect notes that a message of this offset exists. One suspicion of a room
// is queued at a time.
func (s *shard) expect(r *room, offset uint64) {
	if r == nil || r.gone || !r.live || offset <= r.head {
		return
	}
	cu := r.aside()
	cu.seen = max(cu.seen, offset)
	if !cu.suspected {
		cu.suspected = true
		s.doubt(r, offset)
	}
}

// doubt queues a suspicion; one of anyOffset is enough.
func (s *shard) doubt(r *room, offset uint64) {
	if offset == anyOffset {
		if r.doubted {
			return
		}
		r.doubted = true
	}
	s.suspect.push(suspicion{r, offset, s.now + suspectFor})
}

// verify looks into a suspicion that is due.
func (s *shard) verify(x suspicion) {
	r := x.room
	if r.gone {
		return
	}
	if x.offset == anyOffset {
		r.doubted = false
	}
	able := r.live && (r.catchup == nil || r.catchup.repair == 0)
	switch {
	case able && x.offset > r.head:
		r.aside().suspected = false
		s.repair(r)
	case x.offset == anyOffset:
		s.doubt(r, anyOffset) // not now
	case r.catchup != nil:
		r.catchup.suspected = false
		s.expect(r, r.catchup.seen)
	}
}

// Lost makes the room, or all, read up.
func (s *shard) Lost(room string) {
	if r := s.rooms[room]; r != nil {
		s.doubt(r, anyOffset)
	}
	if room != "" {
		return
	}
	for _, r := range s.rooms {
		s.doubt(r, anyOffset)
	}
}

package room

import "iter"

// departure is a connection that has ended, and the rooms of one shard that it
// has yet to leave. Thousands may end at once, each in many rooms: they leave
// by and by, a few rooms of each in turn, between the commands of others.
type departure struct {
	conn  uint64
	rooms []string
}

const (
	departMax  = 256 // rooms that are left in one turn
	departEach = 16  // by one connection, before the next has its turn
)

// Depart ends all memberships of a connection that has ended, also those whose
// join is under way. It is never refused, does not count against Config.Mailbox,
// and nobody is answered. Conn must not be used for another connection
// afterwards.
func (h *Hub) Depart(conn uint64, rooms iter.Seq[string]) {
	of := make([][]string, len(h.shards))
	for name := range rooms {
		i := h.shardIndex(name)
		of[i] = append(of[i], name)
	}
	for i, names := range of {
		if len(names) > 0 {
			h.shards[i].departs(departure{conn, names})
		}
	}
}

// departs hands the shard a departure. A hub that is closing forgets everybody.
func (s *shard) departs(d departure) {
	if s.box.admit(leaves) != nil {
		return
	}
	s.leaving.Add(int64(len(d.rooms)))
	n := s.box.node()
	n.kind, n.departure = departed, d
	s.box.put(n)
}

// depart has those who have ended leave some of their rooms, and tells how many.
func (s *shard) depart() (n int) {
	for n < departMax && s.departures.len() > 0 {
		d := s.departures.pop()
		some := d.rooms[:min(len(d.rooms), departEach)]
		for _, name := range some {
			s.end(name, d.conn)
		}
		n += len(some)
		if d.rooms = d.rooms[len(some):]; len(d.rooms) > 0 {
			s.departures.push(d)
		}
	}
	s.leaving.Add(-int64(n))
	return n
}

// end ends the membership of a connection in a room, or its join.
func (s *shard) end(name string, conn uint64) {
	r := s.rooms[name]
	if r == nil {
		return
	}
	if m, was := r.remove(conn); was {
		s.members--
		s.announce(r, &m, false)
	} else {
		s.cancelJoin(r, conn)
	}
	s.tidy(r)
}

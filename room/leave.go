package room

import "iter"

// leave ends a membership, or a join that still waits for the log.
func (s *shard) leave(c *Command) {
	r := s.rooms[c.Room]
	if r == nil {
		s.reject(c, ErrNotMember)
		return
	}
	m, was := r.remove(c.Member.Conn)
	if !was && !s.cancelJoin(r, c.Member.Conn) {
		s.reject(c, ErrNotMember)
		return
	}
	s.send(c, s.answer(c))
	if was {
		s.members--
		s.queueJoinLeave(r, &m, false)
	}
	s.closeIfEmpty(r)
}

// cancelJoin ends the join of conn that waits. It reports whether there was one.
func (s *shard) cancelJoin(r *room, conn uint64) bool {
	w := s.waits.get(r.joinToken(conn))
	if w == nil {
		return false
	}
	s.failJoin(w, ErrLeft)
	return true
}

// leaveAll is a connection that has ended, and the rooms of one shard that it
// has yet to leave. Thousands of connections may end at once, each in many rooms:
// a turn processes a few rooms of each, so that the commands of others go on.
type leaveAll struct {
	conn  uint64
	rooms []string
}

const (
	leavesPerTurn = 256 // rooms left in one turn
	leavesPerConn = 16  // by one connection, before the next one's
)

// LeaveAll ends all memberships of a connection that has ended, and its joins
// under way. It is never refused, does not count against Config.Mailbox, and has
// no answer. Conn must not be used for another connection afterwards. Any
// goroutine may call it.
func (h *Hub) LeaveAll(conn uint64, rooms iter.Seq[string]) {
	byShard := make([][]string, len(h.shards))
	for name := range rooms {
		i := h.shardIndex(name)
		byShard[i] = append(byShard[i], name)
	}
	for i, names := range byShard {
		if len(names) > 0 {
			h.shards[i].queueLeaveAll(leaveAll{conn, names})
		}
	}
}

// queueLeaveAll does nothing if the hub is closing, which ends all memberships.
func (s *shard) queueLeaveAll(l leaveAll) {
	if s.box.admit(leaveWeight) != nil {
		return
	}
	s.leaving.Add(int64(len(l.rooms)))
	n := s.box.node()
	n.kind, n.leave = leaving, l
	s.box.put(n)
}

// processLeaves ends some memberships of connections that have ended, and
// returns their number.
func (s *shard) processLeaves() (n int) {
	for n < leavesPerTurn && s.leaveAlls.len() > 0 {
		l := s.leaveAlls.pop()
		some := l.rooms[:min(len(l.rooms), leavesPerConn)]
		for _, name := range some {
			s.endMembership(name, l.conn)
		}
		n += len(some)
		if l.rooms = l.rooms[len(some):]; len(l.rooms) > 0 {
			s.leaveAlls.push(l)
		}
	}
	s.leaving.Add(-int64(n))
	return n
}

// endMembership is leave without an answer.
func (s *shard) endMembership(name string, conn uint64) {
	r := s.rooms[name]
	if r == nil {
		return
	}
	if m, was := r.remove(conn); was {
		s.members--
		s.queueJoinLeave(r, &m, false)
	} else {
		s.cancelJoin(r, conn)
	}
	s.closeIfEmpty(r)
}

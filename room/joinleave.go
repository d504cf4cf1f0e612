package room

import "time"

// joinLeave is a join or a leave that is pushed after Config.JoinLeaveDelay,
// unless the opposite happens before. So a client that reloads a page does not
// cause two pushes.
type joinLeave struct {
	room      *room
	member    Member
	join      bool
	cancelled bool
	due       time.Duration
}

// queueJoinLeave queues a join or leave of m, or cancels its opposite. At most
// one of a member is pending.
func (s *shard) queueJoinLeave(r *room, m *Member, join bool) {
	if e := r.pendingJoinLeave[m.Conn]; e != nil && e.join != join {
		e.cancelled = true
		r.clearJoinLeave(m.Conn)
		return
	}
	if !s.pushesJoinLeave(r, join) {
		return
	}
	e := &joinLeave{room: r, member: *m, join: join, due: s.now + s.cfg.JoinLeaveDelay}
	if r.pendingJoinLeave == nil {
		r.pendingJoinLeave = make(map[uint64]*joinLeave)
	}
	r.pendingJoinLeave[m.Conn] = e
	s.joinLeaves.push(e)
}

// pushesJoinLeave tells whether joins or leaves of the room are pushed, which
// depends on its options and its size.
func (s *shard) pushesJoinLeave(r *room, join bool) bool {
	if s.encodeJoinLeave(join) == nil || !r.opts.JoinLeave {
		return false
	}
	if len(r.members) > s.cfg.JoinLeaveMaxMembers {
		s.hub.limits.joinLeaveMaxMembers.Add(1)
		return false
	}
	return true
}

func (s *shard) encodeJoinLeave(join bool) func(string, *Member, Form) Buffer {
	if join {
		return s.cfg.EncodeJoin
	}
	return s.cfg.EncodeLeave
}

// pushJoinLeave broadcasts a join or leave that is due.
func (s *shard) pushJoinLeave(e *joinLeave) {
	r := e.room
	if e.cancelled {
		return
	}
	r.clearJoinLeave(e.member.Conn)
	if r.closed || !r.hasWatchers() || !s.pushesJoinLeave(r, e.join) {
		return
	}
	encode := s.encodeJoinLeave(e.join)
	s.broadcast(r, func(f Form) Buffer { return encode(r.name, &e.member, f) }, !r.opts.ForceJoinLeave)
}

func (r *room) clearJoinLeave(conn uint64) {
	delete(r.pendingJoinLeave, conn)
	if len(r.pendingJoinLeave) == 0 {
		r.pendingJoinLeave = nil
	}
}

// cancelJoinLeave cancels all pending joins and leaves of the room.
func (r *room) cancelJoinLeave() {
	for _, e := range r.pendingJoinLeave {
		e.cancelled = true
	}
	r.pendingJoinLeave = nil
}

// hasWatchers tells whether any member receives joins and leaves.
func (r *room) hasWatchers() bool {
	for i := range r.loops {
		if r.opts.ForceJoinLeave || r.loops[i].watchers > 0 {
			return true
		}
	}
	return false
}

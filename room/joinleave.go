package room

import "time"

// announcement is a join or a leave that is pushed after JoinLeaveDelay, unless
// the opposite happens before: people who reload a page do not flicker.
type announcement struct {
	room   *room
	member Member
	join   bool
	off    bool // cancelled
	due    time.Duration
}

// announce queues a join or leave of m, or takes its opposite back. At most one
// announcement of a member waits.
func (s *shard) announce(r *room, m *Member, join bool) {
	if a := r.sayings[m.Conn]; a != nil && a.join != join {
		a.off = true
		r.unsay(m.Conn)
		return
	}
	if !s.tells(r, join) {
		return
	}
	a := &announcement{room: r, member: *m, join: join, due: s.now + s.cfg.JoinLeaveDelay}
	if r.sayings == nil {
		r.sayings = make(map[uint64]*announcement)
	}
	r.sayings[m.Conn] = a
	s.sayings.push(a)
}

// tells: joins and leaves of the room are pushed, and it is not too big.
func (s *shard) tells(r *room, join bool) bool {
	encode := s.cfg.EncodeJoin
	if !join {
		encode = s.cfg.EncodeLeave
	}
	if encode == nil || !r.opts.JoinLeave {
		return false
	}
	if len(r.members) > s.cfg.JoinLeaveMaxMembers {
		s.hub.met.joinLeaveMaxMembers.Add(1)
		return false
	}
	return true
}

// say pushes an announcement that is due.
func (s *shard) say(a *announcement) {
	r := a.room
	if a.off {
		return
	}
	r.unsay(a.member.Conn)
	if r.gone || !s.heard(r) || !s.tells(r, a.join) {
		return
	}
	encode := s.cfg.EncodeJoin
	if !a.join {
		encode = s.cfg.EncodeLeave
	}
	s.broadcast(r, encode(r.name, &a.member), !r.opts.ForceJoinLeave)
}

func (r *room) unsay(conn uint64) {
	delete(r.sayings, conn)
	if len(r.sayings) == 0 {
		r.sayings = nil
	}
}

// heard: somebody is there who wants it.
func (s *shard) heard(r *room) bool {
	for i := range r.loops {
		if r.opts.ForceJoinLeave || r.loops[i].watchers > 0 {
			return true
		}
	}
	return false
}

// hush takes all announcements back.
func (r *room) hush() {
	for _, a := range r.sayings {
		a.off = true
	}
	r.sayings = nil
}

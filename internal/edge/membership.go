package edge

import (
	"slices"
	"unique"

	"github.com/throngd/throng/room"
)

// membership is one room of a session. The name is interned: a thousand members of a room share one string.
type membership struct {
	room   unique.Handle[string]
	serial uint32 // distinguishes it from an earlier membership of the same room; 0: no membership
	joined bool   // the join was answered
	watch  bool   // member of the topic for joins and leaves
}

// memberships yields the memberships of the session.
func (s *session) memberships(yield func(*membership) bool) {
	if s.first.serial != 0 && !yield(&s.first) {
		return
	}
	if s.more == nil {
		return
	}
	for i := range *s.more {
		if !yield(&(*s.more)[i]) {
			return
		}
	}
}

// find returns the membership of a room, nil if there is none.
func (s *session) find(name string) *membership {
	for m := range s.memberships {
		if m.room.Value() == name {
			return m
		}
	}
	return nil
}

// membershipOf returns the membership that a join with this token began, nil if it is gone. The session may have a newer
// membership of the same room.
func (s *session) membershipOf(name string, t token) *membership {
	if m := s.find(name); m != nil && m.serial == t.serial() {
		return m
	}
	return nil
}

// rooms returns the number of memberships.
func (s *session) rooms() (n int) {
	if s.more != nil {
		n = len(*s.more)
	}
	if s.first.serial != 0 {
		n++
	}
	return n
}

// add begins a membership that is not joined yet.
func (s *session) add(name string, watch bool) membership {
	s.serial = s.serial%serialMax + 1
	m := membership{room: unique.Make(name), serial: s.serial, watch: watch}
	switch {
	case s.first.serial == 0:
		s.first = m
	case s.more == nil:
		s.more = &[]membership{m}
	default:
		*s.more = append(*s.more, m)
	}
	return m
}

// markJoined marks a membership as joined. If it is gone, its leave has been submitted.
func (s *session) markJoined(name string, t token) {
	if m := s.membershipOf(name, t); m != nil {
		m.joined = true
	}
}

// remove ends a membership.
func (s *session) remove(m *membership) {
	if m == &s.first {
		s.first = membership{}
		return
	}
	i := slices.IndexFunc(*s.more, func(o membership) bool { return o.serial == m.serial })
	if *s.more = slices.Delete(*s.more, i, i+1); len(*s.more) == 0 {
		s.more = nil
	}
}

// removeRefused removes a membership whose join was refused.
func (s *session) removeRefused(name string, t token) {
	if m := s.membershipOf(name, t); m != nil {
		s.remove(m)
	}
}

// removeJoined removes a membership that the room has ended. One that is not joined yet began after that.
func (s *session) removeJoined(name string) {
	if m := s.find(name); m != nil && m.joined {
		s.remove(m)
	}
}

// undoJoin removes the membership of a join that was not submitted.
func (s *session) undoJoin(cmd *room.Command) {
	if cmd.Op == room.Join {
		s.removeRefused(cmd.Room, token(cmd.Token))
	}
}

// leaveAll leaves all rooms without a reply, also those whose join is not answered yet.
func (s *session) leaveAll() {
	if s.rooms() == 0 {
		return
	}
	s.loop.out.Yield()
	s.loop.edge.hub.LeaveAll(uint64(s.conn), func(yield func(string) bool) {
		for m := range s.memberships {
			if !yield(m.room.Value()) {
				return
			}
		}
	})
}

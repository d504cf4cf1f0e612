package room

// addUser and dropUser keep the number of distinct users exact. The user ""
// counts as one, like any other.
func (r *room) addUser(user string) {
	if r.users == nil {
		r.users = make(map[string]uint32)
	}
	r.users[user]++
}

func (r *room) dropUser(user string) {
	if n := r.users[user]; n > 1 {
		r.users[user] = n - 1
	} else {
		remove(&r.users, &r.mostUsers, user)
	}
}

// presence answers Presence and PresenceStats, of this node's members.
func (s *shard) presence(c *Command) {
	if !c.Options.Presence {
		s.refuse(c, ErrUnavailable)
		return
	}
	r := s.rooms[c.Room]
	if r == nil {
		r = &room{}
	}
	if c.Op == Presence && !s.presentable(r) {
		s.refuse(c, ErrLimit)
		return
	}
	a := s.answer(c)
	a.NumClients, a.NumUsers = len(r.members), len(r.users)
	if c.Op == Presence {
		a.Presence = r.entries()
	}
	s.send(c, a)
}

func (r *room) entries() []PresenceEntry {
	es := make([]PresenceEntry, 0, len(r.members))
	for conn, m := range r.members {
		es = append(es, PresenceEntry{m.info, r.chanInfo[conn]})
	}
	return es
}

// presenceEntrySize is what an entry costs in a reply beside its raw parts: the
// client's id twice, and names.
const presenceEntrySize = 140

// presentable: the list is within PresenceMax and PresenceMaxBytes. Otherwise it is counted which of them it exceeds.
func (s *shard) presentable(r *room) bool {
	if len(r.members) > s.cfg.PresenceMax {
		s.hub.met.presenceMax.Add(1)
		return false
	}
	size := 0
	for conn, m := range r.members {
		size += presenceEntrySize + len(m.info.User) + len(m.info.ConnInfo) + len(r.chanInfo[conn])
	}
	if size > s.cfg.PresenceMaxBytes {
		s.hub.met.presenceMaxBytes.Add(1)
		return false
	}
	return true
}

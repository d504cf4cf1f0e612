package room

// addUser and dropUser count the members of each user, so that the number of
// distinct users is exact. Anonymous members count as one user, "".
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
		deleteShrinking(&r.users, &r.peakUsers, user)
	}
}

// presence answers Presence and PresenceStats with the members of this node.
func (s *shard) presence(c *Command) {
	if !c.Options.Presence {
		s.reject(c, ErrUnavailable)
		return
	}
	r := s.rooms[c.Room]
	if r == nil {
		r = &room{}
	}
	if c.Op == Presence && !s.presenceFits(r) {
		s.reject(c, ErrLimit)
		return
	}
	a := s.answer(c)
	a.NumClients, a.NumUsers = len(r.members), len(r.users)
	if c.Op == Presence {
		a.Presence = r.presenceEntries()
	}
	s.send(c, a)
}

func (r *room) presenceEntries() []PresenceEntry {
	es := make([]PresenceEntry, 0, len(r.members))
	for conn, m := range r.members {
		es = append(es, PresenceEntry{m.info, r.chanInfo[conn]})
	}
	return es
}

// presenceEntrySize is the size of an entry in a reply without its user name and
// raw parts: the client's ID twice, and field names.
const presenceEntrySize = 140

// presenceFits tells whether the list is within PresenceMax and
// PresenceMaxBytes, and counts the bound that it exceeds.
func (s *shard) presenceFits(r *room) bool {
	if len(r.members) > s.cfg.PresenceMax {
		s.hub.limits.presenceMax.Add(1)
		return false
	}
	size := 0
	for conn, m := range r.members {
		size += presenceEntrySize + len(m.info.User) + len(m.info.ConnInfo) + len(r.chanInfo[conn])
	}
	if size > s.cfg.PresenceMaxBytes {
		s.hub.limits.presenceMaxBytes.Add(1)
		return false
	}
	return true
}

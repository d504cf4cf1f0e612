package room

// Message brings a room's next message from the log.
func (s *shard) Message(room string, p *Publication) {
	r := s.rooms[room]
	if r == nil {
		if s.mem != nil {
			s.encode(room, p) // for its history; nobody is here
		}
		return
	}
	s.take(r, p)
	s.follow(r)
}

// encode makes the push of p. The object is in p from now on, and the body not
// needed any more.
func (s *shard) encode(room string, p *Publication) Buffer {
	b := s.cfg.Encode(room, p)
	if p.Object != nil {
		p.Body = nil
	}
	return b
}

// complete gives a message that was read back its object.
func (s *shard) complete(room string, p *Publication) {
	if p.Object == nil {
		s.encode(room, p)
	}
}

// take puts p out if it is the room's next message. Its Prev tells: it is not
// above what the members have, unless something is missing in between.
func (s *shard) take(r *room, p *Publication) {
	switch {
	case !r.live || r.catchup != nil && r.catchup.repair != 0:
		r.hold(p)
	case p.Offset <= r.head: // they have it
	case p.Prev > r.head:
		r.hold(p)
		s.repair(r)
	default:
		s.push(r, p)
	}
}

func (s *shard) push(r *room, p *Publication) {
	b := s.encode(r.name, p)
	s.broadcast(r, b, false)
	s.messages++
	r.head = p.Offset
	if r.catchup != nil {
		r.catchup.remember(p, s.cfg.RecoveryMaxPublications)
	}
}

// hold keeps p until the room has a position, or the gap before p is closed.
func (r *room) hold(p *Publication) {
	cu := r.aside()
	cu.seen = max(cu.seen, p.Offset)
	if len(cu.held) < heldMax {
		cu.held = append(cu.held, p)
	}
}

// release lets go what was held.
func (s *shard) release(r *room) {
	if r.catchup == nil {
		return
	}
	held := r.catchup.held
	r.catchup.held = nil
	for _, p := range held {
		s.take(r, p)
	}
}

// follow does what waited for the room's position to move.
func (s *shard) follow(r *room) {
	cu := r.catchup
	if cu == nil {
		return
	}
	if lagging := cu.lagging; r.live && len(lagging) > 0 {
		cu.lagging = nil
		for _, t := range lagging {
			if w := s.waits.get(t); w != nil {
				s.tryJoin(w)
			}
		}
		s.tidy(r)
	}
	s.expect(r, cu.seen)
	r.calm()
}

package room

// repair reads what is missing after head. Meanwhile messages are held.
func (s *shard) repair(r *room) {
	cu := r.aside()
	w := s.waits.add(&Command{Op: repair, Room: r.name, Options: r.opts})
	w.room = r
	cu.repair = w.token
	s.log.Read(w.token, Query{
		Room: r.name, Options: r.opts, HasSince: true, Since: r.position(),
		Limit: s.cfg.RecoveryMaxPublications, MaxBytes: s.cfg.RecoveryMaxBytes,
	})
	s.limit(w.token)
}

// fruitlessMax is how many repairs in a row may bring nothing: the log did not
// answer, or an old state of it did.
const fruitlessMax = 3

// repairFound closes the gap, a page at a time, or gives the members up if that
// cannot be done.
func (s *shard) repairFound(w *wait, res *Result) {
	r, token := w.room, w.token
	s.waits.end(w)
	if r.gone || r.catchup == nil || r.catchup.repair != token {
		return
	}
	r.catchup.repair = 0
	advanced := s.fill(r, res)
	if !r.hopeful(res, advanced) {
		s.gaps++
		s.eject(r)
		s.tidy(r)
		return
	}
	if advanced && !res.Complete {
		s.repair(r)
		return
	}
	s.release(r)
	s.follow(r)
}

// fill puts out what a repair has read, as far as nothing is missing in it;
// true: that brought the room on.
func (s *shard) fill(r *room, res *Result) bool {
	if res.Err != nil || res.Position.Epoch != r.epoch {
		return false
	}
	before := r.head
	for i := range res.Publications {
		if p := &res.Publications[i]; p.Offset > r.head && p.Prev <= r.head {
			s.push(r, p)
		}
	}
	if res.Complete {
		r.head = max(r.head, res.Position.Offset)
	}
	if r.head > before {
		s.gaps++
	}
	return r.head > before
}

// hopeful says whether the gap can still be closed.
func (r *room) hopeful(res *Result, advanced bool) bool {
	cu := r.catchup
	switch {
	case advanced:
		cu.fruitless = 0
	case res.Err != nil:
		cu.fruitless++
	case res.Position.Epoch != r.epoch:
		return false
	case res.Position.Offset < max(cu.seen, r.head):
		cu.fruitless++
	default:
		return res.Complete
	}
	return cu.fruitless <= fruitlessMax
}

// eject removes all members: what they miss cannot be had. They come back with
// a position of their own.
func (s *shard) eject(r *room) {
	for conn, e := range r.members {
		a := s.answers.next()
		a.Op, a.Room, a.Member, a.Err = Leave, r.name, r.member(conn, e), ErrInsufficient
		s.emit(int(e.loop), Event{Kind: Insufficient, Room: r.name, Answer: a})
	}
	s.members -= int64(len(r.members))
	r.members, r.loops, r.users, r.chanInfo = nil, nil, nil, nil
	r.hush()
	r.live = false
	cu := r.aside()
	cu.held, cu.tail, cu.repair, cu.fruitless = nil, nil, 0, 0
	for _, t := range cu.lagging {
		if w := s.waits.get(t); w != nil {
			s.failJoin(w, ErrTemporary)
		}
	}
	cu.lagging = nil
}

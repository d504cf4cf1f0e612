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

func (res *Result) fruitless(r *room) bool {
	return res.Err != nil ||
		res.Position.Epoch == r.epoch && res.Position.Offset < max(r.catchup.seen, r.head)
}

// repairFound closes the gap, or gives the members up if that cannot be done.
func (s *shard) repairFound(w *wait, res *Result) {
	r, token := w.room, w.token
	s.waits.end(w)
	if r.gone || r.catchup == nil || r.catchup.repair != token {
		return
	}
	cu := r.catchup
	cu.repair = 0
	if res.fruitless(r) {
		cu.fruitless++
	} else if res.Position.Epoch != r.epoch || !res.Complete {
		cu.fruitless = fruitlessMax + 1
	}
	if cu.fruitless > fruitlessMax {
		s.gaps++
		s.eject(r)
		s.tidy(r)
		return
	}
	s.fill(r, res)
	s.release(r)
	s.follow(r)
}

// fill puts out what a repair has read.
func (s *shard) fill(r *room, res *Result) {
	if !res.Complete || res.Err != nil {
		return
	}
	before := r.head
	for i := range res.Publications {
		if p := &res.Publications[i]; p.Offset > r.head {
			s.push(r, p)
		}
	}
	r.head = max(r.head, res.Position.Offset)
	if r.head > before {
		s.gaps++
		r.catchup.fruitless = 0
	}
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

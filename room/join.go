package room

// join makes c.Member a member at once when the room's position is all that is
// needed, otherwise after a read of the log.
func (s *shard) join(c *Command) {
	r, err := s.open(c.Room, c.Options, c.Member.Info)
	switch {
	case err != nil:
		s.refuse(c, err)
	case r.has(c.Member.Conn) || r.joining(c.Member.Conn) != 0:
		s.refuse(c, ErrAlreadyJoined)
	case r.live && (!c.Recover || c.Since.Offset == r.head && c.Since.of(r.epoch)):
		s.admit(c, r, nil, c.Recover)
	case s.full():
		s.refuse(c, ErrBusy)
		s.tidy(r)
	default:
		s.readUp(c, r)
	}
}

func (r *room) position() Position { return Position{r.head, r.epoch} }

// admit makes the member one and answers. Everything broadcast before this
// point is covered by pubs or by the position, everything after it comes behind
// the answer in the loop's queue.
func (s *shard) admit(c *Command, r *room, pubs []Publication, recovered bool) {
	r.add(&c.Member)
	s.members++
	a := s.answer(c)
	a.Position, a.Publications, a.Recovered = r.position(), pubs, recovered
	s.send(c, a)
	s.announce(r, &c.Member, true)
}

// readUp asks the log for the position and, with Recover, for what was missed.
// Until it answers, broadcasts go on; catchup keeps them for the joiner.
func (s *shard) readUp(c *Command, r *room) {
	w := s.waits.add(c)
	w.room = r
	token := w.token
	q := Query{Room: r.name, Options: r.opts}
	if c.Recover {
		q.HasSince, q.Since = true, c.Since
		q.Limit, q.MaxBytes = s.cfg.RecoveryMaxPublications, s.cfg.RecoveryMaxBytes
	}
	s.log.Read(token, q)
	if s.waits.get(token) != nil {
		r.wait(c, token)
		s.limit(token)
	}
}

// joinFound goes on with a join when the log has answered.
func (s *shard) joinFound(w *wait, res *Result) {
	r := w.room
	if res.Err != nil {
		s.failJoin(w, asError(res.Err))
		s.tidy(r)
		return
	}
	if r.live && res.Position.Epoch != r.epoch {
		s.eject(r) // the log is another one: nothing that they have counts
	}
	opened := !r.live
	if opened {
		r.settle(res.Position)
	}
	w.found = res
	s.tryJoin(w)
	if opened {
		s.release(r)
	}
	s.follow(r)
	s.tidy(r)
}

// tryJoin ends a join that was read, unless the feed has yet to come as far as
// the joiner has already been (on another node): then it waits.
func (s *shard) tryJoin(w *wait) {
	r, c := w.room, w.cmd
	var got recovery
	if c.Recover {
		if r.lags(w) {
			r.aside().lagging = append(r.aside().lagging, w.token)
			s.expect(r, c.Since.Offset)
			return
		}
		got = s.missed(r, c.Since, w.found)
	}
	if c.Recover && !got.ok && c.RejectUnrecovered {
		s.failJoin(w, ErrUnrecoverable)
		return
	}
	s.endJoin(w)
	if got.ok && got.more {
		s.turnPage(&c, r, got)
	} else {
		s.admit(&c, r, got.pubs, got.ok)
	}
}

// turnPage answers with a page of what was missed. Who has read it joins again,
// at its own pace, so what a slow reader has missed is never all in memory.
func (s *shard) turnPage(c *Command, r *room, page recovery) {
	a := s.answer(c)
	a.Position, a.Publications = Position{page.at, r.epoch}, page.pubs
	a.Recovered, a.More = true, true
	s.noteRecovery(len(page.pubs))
	s.send(c, a)
}

// failJoin refuses a join that waits; the caller tidies the room.
func (s *shard) failJoin(w *wait, err error) {
	c := w.cmd
	s.endJoin(w)
	s.refuse(&c, err)
}

func (s *shard) endJoin(w *wait) {
	w.room.unwait(&w.cmd)
	s.waits.end(w)
}

// leave undoes a join, also one that still waits for the log.
func (s *shard) leave(c *Command) {
	r := s.rooms[c.Room]
	if r == nil {
		s.refuse(c, ErrNotMember)
		return
	}
	m, was := r.remove(c.Member.Conn)
	if !was && !s.cancelJoin(r, c.Member.Conn) {
		s.refuse(c, ErrNotMember)
		return
	}
	s.send(c, s.answer(c))
	if was {
		s.members--
		s.announce(r, &m, false)
	}
	s.tidy(r)
}

// cancelJoin ends the join of conn that waits, if there is one.
func (s *shard) cancelJoin(r *room, conn uint64) bool {
	w := s.waits.get(r.joining(conn))
	if w == nil {
		return false
	}
	s.failJoin(w, ErrLeft)
	return true
}

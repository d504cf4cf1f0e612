package room

// join makes c.Member a member at once if the room's position is all that is
// needed, and after a read of the log otherwise.
func (s *shard) join(c *Command) {
	r, err := s.openRoom(c.Room, c.Options, c.Member.Info)
	switch {
	case err != nil:
		s.reject(c, err)
	case r.has(c.Member.Conn) || r.joinToken(c.Member.Conn) != 0:
		s.reject(c, ErrAlreadyJoined)
	case r.ready && (!c.Recover || c.Since.Offset == r.head && c.Since.of(r.epoch)):
		s.admit(c, r, nil, c.Recover)
	case s.atCapacity():
		s.reject(c, ErrBusy)
		s.closeIfEmpty(r)
	default:
		s.startJoin(c, r)
	}
}

// admit adds the member and answers. Everything broadcast before is covered by
// pubs or by the position, and everything broadcast later stands behind the
// answer in the loop's queue.
func (s *shard) admit(c *Command, r *room, pubs []Publication, recovered bool) {
	r.add(&c.Member)
	s.members++
	a := s.answer(c)
	a.Position, a.Publications, a.Recovered = r.position(), pubs, recovered
	s.send(c, a)
	s.queueJoinLeave(r, &c.Member, true)
}

// startJoin reads the position from the log and, with Recover, what was missed.
// Broadcasts go on until the log answers; syncState keeps them for the join.
func (s *shard) startJoin(c *Command, r *room) {
	w := s.waits.add(c)
	w.room = r
	token := w.token
	q := Query{Room: r.name, Options: r.opts, Form: c.Member.Form}
	if c.Recover {
		q.HasSince, q.Since = true, c.Since
		q.Limit, q.MaxBytes = s.cfg.RecoveryMaxPublications, s.cfg.RecoveryMaxBytes
	}
	s.log.Read(token, q)
	if s.waits.get(token) != nil {
		r.addJoin(c, token)
		s.startTimeout(token)
	}
}

// joinFound goes on with a join when the log has answered its read.
func (s *shard) joinFound(w *wait, res *Result) {
	r := w.room
	if res.Err != nil {
		s.failJoin(w, asError(res.Err))
		s.closeIfEmpty(r)
		return
	}
	if r.ready && res.Position.Epoch != r.epoch {
		s.ejectMembers(r) // the log is a new one: the members' position is void
	}
	opened := !r.ready
	if opened {
		r.setPosition(res.Position)
	}
	w.result = res
	s.tryJoin(w)
	if opened {
		s.drainBuffered(r)
	}
	s.headMoved(r)
	s.closeIfEmpty(r)
}

// tryJoin ends a join whose read was answered. A join from a position above the
// head waits until the feed has come that far.
func (s *shard) tryJoin(w *wait) {
	r, c := w.room, w.cmd
	var got recovery
	if c.Recover {
		if r.aheadOfFeed(w) {
			st := r.ensureSync()
			st.ahead = append(st.ahead, w.token)
			s.noteOffset(r, c.Since.Offset)
			return
		}
		got = s.recoverSince(r, &c, w.result)
	}
	if c.Recover && !got.ok && c.RejectUnrecovered {
		s.failJoin(w, ErrUnrecoverable)
		return
	}
	s.endJoin(w)
	if got.ok && got.more {
		s.sendPage(&c, r, got)
	} else {
		s.admit(&c, r, got.pubs, got.ok)
	}
}

// sendPage answers with one page of what was missed. The client joins again for
// the next page when it has read this one, so that memory never holds all that a
// slow client has missed.
func (s *shard) sendPage(c *Command, r *room, page recovery) {
	a := s.answer(c)
	a.Position, a.Publications = Position{page.at, r.epoch}, page.pubs
	a.Recovered, a.More = true, true
	s.noteRecovery(len(page.pubs))
	s.send(c, a)
}

// failJoin refuses a join that waits. The caller closes the room if it is empty.
func (s *shard) failJoin(w *wait, err error) {
	c := w.cmd
	s.endJoin(w)
	s.reject(&c, err)
}

func (s *shard) endJoin(w *wait) {
	w.room.removeJoin(&w.cmd)
	s.waits.end(w)
}

package room

// accept hands a publish to the log. It waits for the log's answer; its
// message comes back through Message like everybody else's.
func (s *shard) accept(c *Command) {
	if s.stopped {
		s.refuse(c, ErrBusy)
		return
	}
	own := c.ownKey()
	key := s.keys.key(c.Room, own)
	if key != (idKey{}) {
		if f, ok := s.keys.find(key, s.now); ok {
			s.repeat(c, f)
			return
		}
	}
	r := s.rooms[c.Room]
	if r != nil && s.busy(r) || s.full() {
		s.refuse(c, ErrBusy)
		return
	}
	if r != nil {
		r.adopt(c.Options)
	}
	w := s.waits.add(c)
	token := w.token
	if key != (idKey{}) {
		w.key = key
		s.keys.begin(key, token, s.now)
	}
	s.log.Append(token, Append{
		Room: c.Room, Options: c.Options, Body: c.Body,
		Key: own, From: c.From, Time: s.day.UnixMilli(),
	})
	s.limit(token)
}

// full: as many commands wait for the log as may. The command that asks is then refused.
func (s *shard) full() bool {
	if s.waits.n < s.cfg.MaxInFlight {
		return false
	}
	s.hub.met.mailbox.Add(1)
	return true
}

// limit begins the timeout of a wait that was not answered at once.
func (s *shard) limit(token uint64) {
	if s.waits.get(token) != nil {
		s.waits.queue.push(deadline{token, s.now + s.cfg.LogTimeout})
	}
}

// repeat answers a publish whose key was used before: with the first one's
// position, as soon as that is known.
func (s *shard) repeat(c *Command, f firstPublish) {
	first := s.waits.get(f.token)
	switch {
	case first == nil:
		s.acknowledge(c, Stored{Position: f.pos}, true)
	case s.full():
		s.refuse(c, ErrBusy)
	default:
		first.repeats = append(first.repeats, s.waits.add(c).token)
	}
}

// Appended is the log's answer to an Append: only now the publish is answered.
func (s *shard) Appended(token uint64, st Stored) {
	w := s.waits.get(token)
	if w == nil || w.cmd.Op != Publish {
		return
	}
	if st.Err != nil {
		s.keys.failed(w.key, token)
	} else {
		s.keys.stored(w.key, token, st.Position)
		s.expect(s.rooms[w.cmd.Room], st.Position.Offset)
	}
	s.acknowledge(&w.cmd, st, false)
	for _, t := range w.repeats {
		if r := s.waits.get(t); r != nil {
			s.acknowledge(&r.cmd, st, true)
			s.waits.end(r)
		}
	}
	s.waits.end(w)
}

func (s *shard) acknowledge(c *Command, st Stored, repeat bool) {
	a := s.answer(c)
	a.Position, a.Err, a.Repeat = st.Position, asError(st.Err), repeat && st.Err == nil
	s.send(c, a)
}

// expire ends a wait that the log has not answered in time: nobody knows what
// became of it.
func (s *shard) expire(w *wait) {
	switch w.cmd.Op {
	case Publish:
		s.Appended(w.token, Stored{Err: ErrTemporary})
	default:
		s.Found(w.token, Result{Err: ErrTemporary})
	}
}

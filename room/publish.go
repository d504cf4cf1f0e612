package room

// publish hands a message to the log. The command is answered when the log has
// answered; the message itself comes back through Message, as those of others.
func (s *shard) publish(c *Command) {
	if s.stopped {
		s.reject(c, ErrBusy)
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
	if r != nil && s.busy(r) || s.atCapacity() {
		s.reject(c, ErrBusy)
		return
	}
	if r != nil {
		r.setOptions(c.Options)
	}
	w := s.waits.add(c)
	token := w.token
	if key != (idKey{}) {
		w.key = key
		s.keys.begin(key, token, s.now)
	}
	s.log.Append(token, Append{
		Room: c.Room, Options: c.Options, Data: c.Data,
		Key: own, From: c.From, Time: s.day.UnixMilli(),
	})
	s.startTimeout(token)
}

// repeat answers a publish whose idempotency key was used before, with the
// position of the first publish as soon as that is known.
func (s *shard) repeat(c *Command, f firstPublish) {
	first := s.waits.get(f.token)
	switch {
	case first == nil:
		s.acknowledge(c, Stored{Position: f.pos}, true)
	case s.atCapacity():
		s.reject(c, ErrBusy)
	default:
		first.repeats = append(first.repeats, s.waits.add(c).token)
	}
}

func (s *shard) acknowledge(c *Command, st Stored, repeat bool) {
	a := s.answer(c)
	a.Position, a.Err, a.Repeat = st.Position, asError(st.Err), repeat && st.Err == nil
	s.send(c, a)
}

package room

// arena holds the answers of one turn; they are reused in the next.
type arena struct {
	chunks []*[64]Answer
	n      int
}

const arenaKeep = 16 // chunks that outlive a burst

func (a *arena) next() *Answer {
	i := a.n / 64
	if i == len(a.chunks) {
		a.chunks = append(a.chunks, new([64]Answer))
	}
	a.n++
	return &a.chunks[i][(a.n-1)%64]
}

func (a *arena) reset() {
	for i := range (a.n + 63) / 64 {
		clear(a.chunks[i][:])
	}
	if len(a.chunks) > arenaKeep {
		a.chunks = append([]*[64]Answer(nil), a.chunks[:arenaKeep]...)
	}
	a.n = 0
}

// answer begins the answer to c; send ends it.
func (s *shard) answer(c *Command) *Answer {
	a := s.answers.next()
	a.Op, a.Room, a.Token, a.Member = c.Op, c.Room, c.Token, c.Member
	a.WasRecovering = c.Recover && c.Op == Join
	return a
}

func (s *shard) send(c *Command, a *Answer) {
	switch m := &c.Member; {
	case c.Done != nil:
		c.Done(*a)
	case m.Conn != 0 || m.Info != nil:
		s.emit(m.Loop, Event{Kind: Reply, Room: c.Room, Answer: a})
	}
}

// refuse answers with an error.
func (s *shard) refuse(c *Command, err error) {
	if err == error(ErrBusy) {
		s.refused.Add(1)
	}
	a := s.answer(c)
	a.Err = err
	s.send(c, a)
}

func (s *shard) emit(loop int, e Event) { s.out[loop] = append(s.out[loop], e) }

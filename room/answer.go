package room

// answerArena holds the answers of one turn. The next turn uses them again.
type answerArena struct {
	chunks []*[64]Answer
	n      int
}

// maxKeptChunks is the number of chunks that are kept after a burst.
const maxKeptChunks = 16

func (a *answerArena) next() *Answer {
	i := a.n / 64
	if i == len(a.chunks) {
		a.chunks = append(a.chunks, new([64]Answer))
	}
	a.n++
	return &a.chunks[i][(a.n-1)%64]
}

func (a *answerArena) reset() {
	for i := range (a.n + 63) / 64 {
		clear(a.chunks[i][:])
	}
	if len(a.chunks) > maxKeptChunks {
		a.chunks = append([]*[64]Answer(nil), a.chunks[:maxKeptChunks]...)
	}
	a.n = 0
}

// answer returns a new answer to c, which send sends.
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

// reject answers with an error.
func (s *shard) reject(c *Command, err error) {
	if err == error(ErrBusy) {
		s.refused.Add(1)
	}
	a := s.answer(c)
	a.Err = err
	s.send(c, a)
}

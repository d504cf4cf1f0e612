package room

// syncState is the state of a room while something in it waits for an
// asynchronous log: joins for a read, or members for the repair of a gap. A room
// that waits for nothing has none, and so has every room on the memory log.
type syncState struct {
	joins map[uint64]uint64 // tokens of the joins that wait, by Conn
	ahead []uint64          // of these, joins from a position above the head

	// tail holds the messages that were broadcast after tailFrom while reads of
	// recovering joins are under way: the reads do not cover them.
	recovering int
	tail       []Publication
	tailFrom   uint64

	buffered       []*Publication // messages that must not be broadcast yet
	seen           uint64         // highest offset that is known to exist
	repair         uint64         // token of the repair under way, or 0
	failedRepairs  int            // repairs in a row that brought nothing
	checkScheduled bool           // a gap check for seen is queued
}

func (r *room) ensureSync() *syncState {
	if r.sync == nil {
		r.sync = &syncState{}
	}
	return r.sync
}

// clearSync drops the state if nothing waits any more.
func (r *room) clearSync() {
	st := r.sync
	if st != nil && len(st.joins) == 0 && len(st.buffered) == 0 && st.repair == 0 && st.seen <= r.head {
		r.sync = nil
	}
}

func (r *room) pendingJoins() int {
	if r.sync == nil {
		return 0
	}
	return len(r.sync.joins)
}

// joinToken returns the token of conn's join that waits, or 0.
func (r *room) joinToken(conn uint64) uint64 {
	if r.sync == nil {
		return 0
	}
	return r.sync.joins[conn]
}

// addJoin notes a join whose read is under way.
func (r *room) addJoin(c *Command, token uint64) {
	st := r.ensureSync()
	if st.joins == nil {
		st.joins = make(map[uint64]uint64)
	}
	st.joins[c.Member.Conn] = token
	if !c.Recover {
		return
	}
	if st.recovering == 0 {
		st.tail, st.tailFrom = nil, r.head
	}
	st.recovering++
}

// removeJoin undoes addJoin, if the join is noted.
func (r *room) removeJoin(c *Command) {
	if r.joinToken(c.Member.Conn) == 0 {
		return
	}
	st := r.sync
	delete(st.joins, c.Member.Conn)
	if c.Recover {
		st.recovering--
	}
	if st.recovering == 0 {
		st.tail = nil
	}
}

// setPosition makes a room that is opening ready.
func (r *room) setPosition(p Position) {
	if st := r.sync; st != nil {
		if r.epoch != p.Epoch {
			st.seen = 0
		}
		st.tail, st.tailFrom = nil, p.Offset
	}
	r.head, r.epoch, r.ready = p.Offset, p.Epoch, true
}

// headMoved is called when the head has moved: it answers joins that were ahead
// of it, and checks for messages that are known to exist beyond it.
func (s *shard) headMoved(r *room) {
	st := r.sync
	if st == nil {
		return
	}
	if ahead := st.ahead; r.ready && len(ahead) > 0 {
		st.ahead = nil
		for _, t := range ahead {
			if w := s.waits.get(t); w != nil {
				s.tryJoin(w)
			}
		}
		s.closeIfEmpty(r)
	}
	s.noteOffset(r, st.seen)
	r.clearSync()
}

// keepTail keeps a message that has been broadcast, at most limit of them. A
// join that misses more gets a page and reads again.
func (st *syncState) keepTail(p *Publication, limit int) {
	if st.recovering == 0 {
		return
	}
	st.tail = append(st.tail, *p)
	if len(st.tail) > limit {
		st.tailFrom = st.tail[0].Offset
		st.tail[0] = Publication{}
		st.tail = st.tail[1:]
	}
}

// appendTail appends to pubs, which reach offset at, the messages of the tail
// behind it, unless some of those were not kept.
func (st *syncState) appendTail(pubs []Publication, at uint64) ([]Publication, uint64) {
	if st == nil || at < st.tailFrom {
		return pubs, at
	}
	for _, p := range st.tail {
		if p.Offset > at {
			pubs, at = append(pubs, p), p.Offset
		}
	}
	return pubs, at
}

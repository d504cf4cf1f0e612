package room

// catchup is what a room needs while somebody in it waits for an asynchronous
// log: joiners for a read, members for the repair of a gap. A quiet room, and
// any room on the memory log, has none.
type catchup struct {
	joiners map[uint64]uint64 // joins that wait, by Conn: tokens
	lagging []uint64          // of these, those that wait for the feed

	// tail is what was broadcast while recoveries are read: what the read does
	// not cover. It begins after tailFrom.
	recovering int
	tail       []Publication
	tailFrom   uint64

	held      []*Publication // messages that must not go out yet
	seen      uint64         // highest offset that is known to exist
	repair    uint64         // token of the repair that is being read
	fruitless int            // repairs that brought nothing, in a row
	suspected bool           // a suspicion is queued
}

// heldMax bounds held: one more is dropped, and read later.
const heldMax = 4096

func (r *room) aside() *catchup {
	if r.catchup == nil {
		r.catchup = &catchup{}
	}
	return r.catchup
}

func (r *room) joiners() int {
	if r.catchup == nil {
		return 0
	}
	return len(r.catchup.joiners)
}

// joining returns the token of conn's join that waits, or 0.
func (r *room) joining(conn uint64) uint64 {
	if r.catchup == nil {
		return 0
	}
	return r.catchup.joiners[conn]
}

// wait notes a join whose read is under way.
func (r *room) wait(c *Command, token uint64) {
	cu := r.aside()
	if cu.joiners == nil {
		cu.joiners = make(map[uint64]uint64)
	}
	cu.joiners[c.Member.Conn] = token
	if !c.Recover {
		return
	}
	if cu.recovering == 0 {
		cu.tail, cu.tailFrom = nil, r.head
	}
	cu.recovering++
}

// unwait ends what wait began, if it did.
func (r *room) unwait(c *Command) {
	if r.joining(c.Member.Conn) == 0 {
		return
	}
	cu := r.catchup
	delete(cu.joiners, c.Member.Conn)
	if c.Recover {
		cu.recovering--
	}
	if cu.recovering == 0 {
		cu.tail = nil
	}
}

// settle gives a room that was opened its position.
func (r *room) settle(p Position) {
	if cu := r.catchup; cu != nil {
		if r.epoch != p.Epoch {
			cu.seen = 0
		}
		cu.tail, cu.tailFrom = nil, p.Offset
	}
	r.head, r.epoch, r.live = p.Offset, p.Epoch, true
}

// remember keeps a message that has been broadcast, at most limit of them: who
// misses more reads again.
func (cu *catchup) remember(p *Publication, limit int) {
	if cu.recovering == 0 {
		return
	}
	cu.tail = append(cu.tail, *p)
	if len(cu.tail) > limit {
		cu.tailFrom = cu.tail[0].Offset
		cu.tail[0] = Publication{}
		cu.tail = cu.tail[1:]
	}
}

// calm drops the catchup of a room where nobody waits any more.
func (r *room) calm() {
	cu := r.catchup
	if cu != nil && len(cu.joiners) == 0 && len(cu.held) == 0 && cu.repair == 0 && cu.seen <= r.head {
		r.catchup = nil
	}
}

// lags: the joiner has been further than the feed is yet, though not further
// than the log.
func (r *room) lags(w *wait) bool {
	return w.cmd.Since.of(r.epoch) && w.cmd.Since.Offset > r.head &&
		w.cmd.Since.Offset <= w.found.Position.Offset
}

// pushRoom is about what a push has besides the publication and the name of the
// room: the pages after the first leave as pushes.
const pushRoom = 64

// recovery is what a join with Recover gets: pubs, which follow its position
// without a gap and go up to at.
type recovery struct {
	pubs []Publication
	ok   bool
	more bool // they do not reach the room's position
	at   uint64
}

// missed is everything between since and the room's position: what was read,
// up to what the members have, and what they got while it was read. If that is
// more than one answer may hold it is the first page; with a gap it is nothing.
func (s *shard) missed(r *room, since Position, res *Result) recovery {
	if !since.of(r.epoch) || since.Offset > r.head {
		return recovery{}
	}
	var pubs []Publication
	for _, p := range res.Publications {
		if p.Offset > since.Offset && p.Offset <= r.head {
			pubs = append(pubs, p)
		}
	}
	at := max(since.Offset, res.Position.Offset)
	switch {
	case !res.Complete && since.Offset < res.Position.Offset:
		if !follow(since.Offset, pubs) {
			return recovery{}
		}
		at = pubs[len(pubs)-1].Offset
	case at < r.head:
		pubs, at = r.catchup.extend(pubs, at)
	}
	page := s.page(r.name, pubs[:min(len(pubs), s.cfg.RecoveryMaxPublications)], s.cfg.RecoveryMaxBytes, len(r.name)+pushRoom)
	if len(page) < len(pubs) {
		at = page[len(page)-1].Offset
	}
	more := at < r.head
	return recovery{page, !more || at > since.Offset, more, at}
}

// extend appends to pubs, which go up to at, what was broadcast after that, if
// it was kept.
func (cu *catchup) extend(pubs []Publication, at uint64) ([]Publication, uint64) {
	if cu == nil || at < cu.tailFrom {
		return pubs, at
	}
	for _, p := range cu.tail {
		if p.Offset > at {
			pubs, at = append(pubs, p), p.Offset
		}
	}
	return pubs, at
}

// follow says whether pubs come right after offset, one after the other.
func follow(offset uint64, pubs []Publication) bool {
	for i := range pubs {
		if pubs[i].Prev > offset {
			return false
		}
		offset = pubs[i].Offset
	}
	return len(pubs) > 0
}

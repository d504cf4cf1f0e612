package room

// recovery is what a join with Recover gets: the publications after its position
// without a gap, up to the offset at.
type recovery struct {
	pubs []Publication
	ok   bool
	more bool // at is below the head: this is one page of several
	at   uint64
}

// pushOverhead is about the number of bytes that a push has besides the
// publication and the name of the room. Pages after the first are sent as pushes.
const pushOverhead = 64

// recoverSince returns all messages between since and the head: those that were
// read from the log, and the tail that was broadcast meanwhile. It returns the
// first page of them if one answer cannot hold all, and nothing if there is a
// gap.
func (s *shard) recoverSince(r *room, c *Command, res *Result) recovery {
	since := c.Since
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
		if !contiguous(since.Offset, pubs) {
			return recovery{}
		}
		at = pubs[len(pubs)-1].Offset
	case at < r.head:
		pubs, at = r.sync.appendTail(pubs, at)
	}
	page := s.limitPage(c, pubs[:min(len(pubs), s.cfg.RecoveryMaxPublications)], s.cfg.RecoveryMaxBytes, len(r.name)+pushOverhead)
	if len(page) < len(pubs) {
		at = page[len(page)-1].Offset
	}
	more := at < r.head
	return recovery{page, !more || at > since.Offset, more, at}
}

// contiguous tells whether pubs follow offset without a gap. It is false without
// pubs.
func contiguous(offset uint64, pubs []Publication) bool {
	for i := range pubs {
		if pubs[i].Prev > offset {
			return false
		}
		offset = pubs[i].Offset
	}
	return len(pubs) > 0
}

// limitPage encodes pubs for c where that is not done yet and cuts them at
// limit bytes, each publication counted with overhead bytes. The first one
// always fits, so that a client that asks for the rest makes progress.
func (s *shard) limitPage(c *Command, pubs []Publication, limit, overhead int) []Publication {
	size, form := 0, c.Member.Form
	for i := range pubs {
		s.ensureEncoded(c.Room, &pubs[i], form)
		if size += pubs[i].size(form) + overhead; size > limit && i > 0 {
			return pubs[:i:i]
		}
	}
	return pubs
}

// aheadOfFeed tells whether a join's position is above the head though the log
// has it: the joiner has received more on another node than this node has yet.
func (r *room) aheadOfFeed(w *wait) bool {
	return w.cmd.Since.of(r.epoch) && w.cmd.Since.Offset > r.head &&
		w.cmd.Since.Offset <= w.result.Position.Offset
}

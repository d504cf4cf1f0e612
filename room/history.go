package room

// history reads messages back.
func (s *shard) history(c *Command) {
	switch {
	case !c.Options.keeps():
		s.refuse(c, ErrUnavailable)
		return
	case s.full():
		s.refuse(c, ErrBusy)
		return
	}
	limit := c.Limit
	if limit < 0 || limit > s.cfg.HistoryMaxLimit {
		limit = s.cfg.HistoryMaxLimit
	}
	token := s.waits.add(c).token
	s.log.Read(token, Query{
		Room: c.Room, Options: c.Options, HasSince: c.HasSince, Since: c.Since,
		Reverse: c.Reverse, Limit: limit, MaxBytes: s.cfg.HistoryMaxBytes,
	})
	s.limit(token)
}

// Found is the log's answer to a Read: of a join, a history, or a repair.
func (s *shard) Found(token uint64, res Result) {
	w := s.waits.get(token)
	if w == nil {
		return
	}
	switch w.cmd.Op {
	case Join:
		if w.found == nil || res.Err != nil { // else it was read and waits for the feed
			s.joinFound(w, &res)
		}
	case History:
		s.historyFound(w, &res)
	case repair:
		s.repairFound(w, &res)
	}
}

func (s *shard) historyFound(w *wait, res *Result) {
	c := w.cmd
	s.waits.end(w)
	switch {
	case res.Err != nil:
		s.refuse(&c, asError(res.Err))
	case c.HasSince && !c.Since.of(res.Position.Epoch):
		s.refuse(&c, ErrUnrecoverable)
	default:
		a := s.answer(&c)
		a.Position, a.Publications = res.Position, s.page(c.Room, res.Publications, s.cfg.HistoryMaxBytes, 1)
		a.More = (res.More || len(a.Publications) < len(res.Publications)) && len(a.Publications) != c.Limit
		s.noteHistory(a)
		s.send(&c, a)
	}
}

// page encodes what has no object yet and cuts pubs at limit bytes, each taking
// so many more than its own; the first always fits, so that who asks for the
// rest gets on.
func (s *shard) page(room string, pubs []Publication, limit, more int) []Publication {
	size := 0
	for i := range pubs {
		s.complete(room, &pubs[i])
		if size += pubs[i].size() + more; size > limit && i > 0 {
			return pubs[:i:i]
		}
	}
	return pubs
}

package room

// history reads messages from the log.
func (s *shard) history(c *Command) {
	switch {
	case !c.Options.keeps():
		s.reject(c, ErrUnavailable)
		return
	case s.atCapacity():
		s.reject(c, ErrBusy)
		return
	}
	limit := c.Limit
	if limit < 0 || limit > s.cfg.HistoryMaxLimit {
		limit = s.cfg.HistoryMaxLimit
	}
	token := s.waits.add(c).token
	s.log.Read(token, Query{
		Room: c.Room, Options: c.Options, HasSince: c.HasSince, Since: c.Since,
		Reverse: c.Reverse, Limit: limit, MaxBytes: s.cfg.HistoryMaxBytes, Form: c.Member.Form,
	})
	s.startTimeout(token)
}

func (s *shard) historyFound(w *wait, res *Result) {
	c := w.cmd
	s.waits.end(w)
	switch {
	case res.Err != nil:
		s.reject(&c, asError(res.Err))
	case c.HasSince && !c.Since.of(res.Position.Epoch):
		s.reject(&c, ErrUnrecoverable)
	default:
		a := s.answer(&c)
		a.Position, a.Publications = res.Position, s.limitPage(&c, res.Publications, s.cfg.HistoryMaxBytes, 1)
		a.More = (res.More || len(a.Publications) < len(res.Publications)) && len(a.Publications) != c.Limit
		s.noteHistory(a)
		s.send(&c, a)
	}
}

package room

// A namespace whose options are changed while the process runs has another
// *Options from then on. Rooms and rings that exist adopt them with the next
// command that comes with them. Commands that were under way may still bring
// the old ones for a moment: then a room changes its mind twice, and at worst
// forgets a little more of its history, which it notes as always.

// adopt gives an open room other options.
func (r *room) adopt(o *Options) {
	if r.opts == o {
		return
	}
	if o.Presence != r.opts.Presence {
		r.users = nil
		if o.Presence {
			for _, m := range r.members {
				r.addUser(m.info.User)
			}
		}
	}
	r.opts = o
}

// adopt gives a ring other options. It returns nil if nothing is left of it.
func (m *memory) adopt(g *ring, o *Options) *ring {
	if g == nil || g.opts == o || o == nil {
		return g
	}
	g.opts = o
	for g.n > o.HistorySize {
		m.evict(g)
	}
	m.age(g)
	m.forget(g)
	return m.rings[g.name]
}

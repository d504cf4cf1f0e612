package room

// list is rings with messages, the one that was used longest ago first: what
// goes when memory is short. A hand goes round it and drops expired messages.
type list struct {
	ends ring  // its next is the coldest, its prev the warmest
	hand *ring // where the sweep goes on
	n    int
}

func (l *list) init() {
	l.ends.prev, l.ends.next = &l.ends, &l.ends
	l.hand = &l.ends
}

// coldest is nil if there is none.
func (l *list) coldest() *ring {
	if l.n == 0 {
		return nil
	}
	return l.ends.next
}

// add puts g, which is in no list, at the warm end.
func (l *list) add(g *ring) {
	last := l.ends.prev
	g.prev, g.next = last, &l.ends
	last.next, l.ends.prev = g, g
	l.n++
}

func (l *list) remove(g *ring) {
	if l.hand == g {
		l.hand = g.next
	}
	g.prev.next, g.next.prev = g.next, g.prev
	g.prev, g.next = nil, nil
	l.n--
}

// step moves the hand on and returns where it was, nil at the end of a round
// of an empty list.
func (l *list) step() *ring {
	if l.hand == &l.ends {
		l.hand = l.ends.next
	}
	g := l.hand
	if g == &l.ends {
		return nil
	}
	l.hand = g.next
	return g
}

// of is the list that g belongs into.
func (m *memory) of(g *ring) *list {
	if g.open {
		return &m.live
	}
	return &m.idle
}

// use makes g, if it has messages, the warmest of its list.
func (m *memory) use(g *ring) {
	if g.used = m.shard.now; g.n == 0 {
		return
	}
	l := m.of(g)
	if l.ends.prev == g {
		return
	}
	if g.next != nil {
		l.remove(g)
	}
	l.add(g)
}

// setOpen moves g to the other list: somebody came, or everybody is gone.
func (m *memory) setOpen(g *ring, open bool) {
	if g.next != nil {
		m.of(g).remove(g)
	}
	g.open = open
	m.use(g)
	m.cool()
}

const sweepRings = 512

// sweep ages a bounded number of rings of each list, going on where it stopped;
// true: there are more than that.
func (m *memory) sweep() bool {
	more := false
	for _, l := range []*list{&m.idle, &m.live} {
		for range min(sweepRings, l.n) {
			g := l.step()
			if g == nil {
				break // all are gone
			}
			m.age(g)
			m.forget(g)
		}
		more = more || l.n > sweepRings
	}
	m.cool()
	return more
}

// coldest is the ring whose messages go first, nil if there is none.
func (m *memory) coldest() *ring {
	a, b := m.idle.coldest(), m.live.coldest()
	if a == nil || b != nil && b.used < a.used {
		return b
	}
	return a
}

// cool tells the other shards how cold this one's coldest room is, and whether
// it has rooms without members.
func (m *memory) cool() {
	at := int64(nothing)
	if g := m.coldest(); g != nil {
		at = int64(g.used)
	}
	if m.share.coldest.Load() != at {
		m.share.coldest.Store(at)
	}
	if idle := m.idle.n > 0; m.share.idle.Load() != idle {
		m.share.idle.Store(idle)
	}
}

// evictColdest drops the oldest message of the coldest room.
func (m *memory) evictColdest() {
	g := m.coldest()
	m.hub.met.historyBytes.Add(1)
	m.evict(g)
	m.forget(g)
	m.cool()
}

package room

// The rings with messages stand in a list, the one whose last message is oldest
// first: what goes when memory is short. A hand goes round it and drops expired
// messages.

// warmUp puts g at the warm end.
func (m *memory) warmUp(g *ring) {
	if m.warm.prev == g {
		return
	}
	if g.next != nil {
		m.coolDown(g)
	}
	m.kept++
	last := m.warm.prev
	g.prev, g.next = last, &m.warm
	last.next, m.warm.prev = g, g
}

// coolDown takes g out of the list.
func (m *memory) coolDown(g *ring) {
	if m.hand == g {
		m.hand = g.next
	}
	g.prev.next, g.next.prev = g.next, g.prev
	g.prev, g.next = nil, nil
	m.kept--
}

const sweepRings = 512

// sweep ages a bounded number of rings, going on where it stopped; true: there
// are more than that.
func (m *memory) sweep() bool {
	for range min(sweepRings, m.kept) {
		if m.hand == &m.warm {
			m.hand = m.warm.next
		}
		g := m.hand
		if g == &m.warm {
			break // all are gone
		}
		m.hand = g.next
		m.age(g)
		m.forget(g)
	}
	m.cool()
	return m.kept > sweepRings
}

// coldest is the ring that goes first, nil if there is none.
func (m *memory) coldest() *ring {
	if m.kept == 0 {
		return nil
	}
	return m.warm.next
}

// cool tells the other shards how cold this one's coldest room is.
func (m *memory) cool() {
	at := int64(nothing)
	if g := m.coldest(); g != nil {
		at = int64(g.coldAt)
	}
	if m.share.coldest.Load() != at {
		m.share.coldest.Store(at)
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

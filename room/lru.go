package room

// lruList is a list of the rings with messages, least recently used first. When
// memory is short, messages of the first ring are evicted first. A clock hand
// goes round the list and drops expired messages.
type lruList struct {
	root ring  // next is the least, prev the most recently used ring
	hand *ring // where the sweep goes on
	n    int
}

func (l *lruList) init() {
	l.root.prev, l.root.next = &l.root, &l.root
	l.hand = &l.root
}

// oldest returns the least recently used ring, nil if there is none.
func (l *lruList) oldest() *ring {
	if l.n == 0 {
		return nil
	}
	return l.root.next
}

// add appends g, which is in no list, as the most recently used.
func (l *lruList) add(g *ring) {
	last := l.root.prev
	g.prev, g.next = last, &l.root
	last.next, l.root.prev = g, g
	l.n++
}

func (l *lruList) remove(g *ring) {
	if l.hand == g {
		l.hand = g.next
	}
	g.prev.next, g.next.prev = g.next, g.prev
	g.prev, g.next = nil, nil
	l.n--
}

// advance moves the hand on and returns the ring where it was, nil if the list
// is empty.
func (l *lruList) advance() *ring {
	if l.hand == &l.root {
		l.hand = l.root.next
	}
	g := l.hand
	if g == &l.root {
		return nil
	}
	l.hand = g.next
	return g
}

// listOf returns the list for g.
func (m *memory) listOf(g *ring) *lruList {
	if g.open {
		return &m.occupied
	}
	return &m.idle
}

// touch makes g the most recently used of its list, if it has messages.
func (m *memory) touch(g *ring) {
	if g.used = m.shard.now; g.n == 0 {
		return
	}
	l := m.listOf(g)
	if l.root.prev == g {
		return
	}
	if g.next != nil {
		l.remove(g)
	}
	l.add(g)
}

// setOpen moves g to the other list when its room gets its first member or loses
// the last one.
func (m *memory) setOpen(g *ring, open bool) {
	if g.next != nil {
		m.listOf(g).remove(g)
	}
	g.open = open
	m.touch(g)
	m.exportShare()
}

// oldest returns the ring whose messages are evicted first, nil if there is none.
func (m *memory) oldest() *ring {
	a, b := m.idle.oldest(), m.occupied.oldest()
	if a == nil || b != nil && b.used < a.used {
		return b
	}
	return a
}

// evictOldest drops the oldest message of the least recently used room.
func (m *memory) evictOldest() {
	g := m.oldest()
	m.hub.limits.historyBytes.Add(1)
	m.evict(g)
	m.removeIfEmpty(g)
	m.exportShare()
}

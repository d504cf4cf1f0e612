package room

import (
	"crypto/rand"
	"encoding/base32"
)

// memory is the log of a process that keeps its messages in memory: one of each
// shard, called by it and calling it back at once, so everything here belongs
// to the shard.
//
// Offsets come from one sequence per shard, with one random epoch per process
// and shard. So a room that is forgotten keeps a valid position: any number of
// the sequence is one. Whether anything was missed since is known by the
// highest offset evicted, of each ring while there is one, and of those that are
// forgotten (forgotten.go).
type memory struct {
	shard  *shard
	hub    *Hub
	budget *budget
	share  *shardBudget
	epoch  string
	seq    uint64
	rings  map[string]*ring
	lost   *forgotten
	warm   ring  // sentinel: rings with messages, the coldest first
	hand   *ring // where the sweep goes on
	kept   int   // rings with messages

	passing Publication // a message that is not kept
}

func newMemory(s *shard, h *Hub) *memory {
	m := &memory{shard: s, hub: h, budget: &h.budget, epoch: newEpoch(), rings: make(map[string]*ring)}
	m.lost = newForgotten(&h.met.forgottenRooms)
	m.share = h.budget.join(s)
	m.warm.prev, m.warm.next = &m.warm, &m.warm
	m.hand = &m.warm
	return m
}

func newEpoch() string {
	var b [5]byte
	rand.Read(b[:]) // never fails
	return base32.StdEncoding.EncodeToString(b[:])
}

func (m *memory) keeps() bool { return m.kept > 0 }

// Open keeps a ring, if an empty one, so that the room has its own mark of what
// was evicted.
func (m *memory) Open(room string, o *Options) error {
	g, err := m.ring(room, o)
	if err == nil {
		g.open = true
	}
	return err
}

// ring returns the room's ring, a new one if there is none.
func (m *memory) ring(room string, o *Options) (*ring, error) {
	if g := m.adopt(m.rings[room], o); g != nil {
		return g, nil
	}
	if err := m.hub.addRoom(); err != nil {
		return nil, err
	}
	g := &ring{name: room, opts: o, top: m.seq, evicted: m.lost.take(room, o)}
	m.rings[room] = g
	return g, nil
}

// Close keeps the ring only for its messages.
func (m *memory) Close(room string) {
	g := m.rings[room]
	g.open = false
	m.forget(g)
}

// forget drops an empty ring of a room where nobody is.
func (m *memory) forget(g *ring) {
	if g.n == 0 && !g.open && m.rings[g.name] == g {
		m.lost.put(g.name, g.opts, g.evicted, m.shard.cfg.ForgottenRooms/len(m.hub.shards))
		delete(m.rings, g.name)
		m.hub.dropRoom()
	}
}

// Append stores the message and brings it back at once.
func (m *memory) Append(token uint64, a Append) {
	g := m.adopt(m.rings[a.Room], a.Options)
	if g == nil && a.Options.keeps() {
		var err error
		if g, err = m.ring(a.Room, a.Options); err != nil {
			m.shard.Appended(token, Stored{Err: err})
			return
		}
	}
	m.seq++
	p := Publication{Offset: m.seq, Time: a.Time, Body: a.Body}
	switch {
	case g == nil: // nobody is there, nothing is kept
		m.lost.unkept(a.Options, m.seq)
	case g.opts.keeps():
		m.store(g, p)
	default:
		m.pass(g, p)
	}
	m.shard.Appended(token, Stored{Position: Position{m.seq, m.epoch}})
	m.trim()
}

// pass lets p through to the members and keeps nothing.
func (m *memory) pass(g *ring, p Publication) {
	p.Prev = g.top
	g.top, g.evicted = p.Offset, p.Offset
	m.passing = p
	m.shard.Message(g.name, &m.passing)
	m.passing = Publication{}
}

// store appends p to the ring and makes it the warmest.
func (m *memory) store(g *ring, p Publication) {
	now := m.shard.now
	for g.expired(now) || g.n > 0 && g.n >= g.opts.HistorySize {
		m.evict(g)
	}
	p.Prev = g.top
	g.top, g.coldAt = p.Offset, now
	at := g.push(kept{p, now})
	m.warmUp(g)
	m.shard.Message(g.name, &at.Publication)
	cost := int64(at.size()) + publicationCost
	g.bytes += cost
	m.budget.used.Add(cost)
}

// Read answers at once.
func (m *memory) Read(token uint64, q Query) {
	g := m.adopt(m.rings[q.Room], q.Options)
	if g == nil {
		g = &ring{top: m.seq, evicted: m.lost.find(q.Room, q.Options)}
	} else {
		m.age(g)
	}
	pubs, complete, more := g.read(&q)
	m.shard.Found(token, Result{
		Position: Position{g.top, m.epoch}, Publications: pubs, Complete: complete, More: more,
	})
	if g.opts != nil {
		m.forget(g)
	}
}

// Shutdown gives back what the process counts.
func (m *memory) Shutdown() {
	for _, g := range m.rings {
		m.budget.used.Add(-g.bytes)
		m.hub.dropRoom()
	}
	m.rings = nil
	m.share.coldest.Store(nothing)
}

// evict drops the oldest message of g.
func (m *memory) evict(g *ring) {
	cost := g.pop()
	g.bytes -= cost
	m.budget.used.Add(-cost)
	if g.n == 0 {
		m.coolDown(g)
	}
}

// age drops the expired messages of g.
func (m *memory) age(g *ring) {
	for g.expired(m.shard.now) {
		m.evict(g)
	}
}

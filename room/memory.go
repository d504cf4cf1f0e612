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
	most   peak // of rings
	lost   *forgotten
	live   list // rings with messages, of rooms with members
	idle   list // the others

	publishers publishers
	passing    Publication // a message that is not kept
}

func newMemory(s *shard, h *Hub) *memory {
	m := &memory{shard: s, hub: h, budget: &h.budget, epoch: newEpoch(), rings: make(map[string]*ring)}
	m.lost = newForgotten(&h.met.forgottenRooms)
	m.share = h.budget.join(s)
	m.live.init()
	m.idle.init()
	m.publishers = publishers{of: make(map[uint64]*publisher), bytes: h.publishers}
	return m
}

func newEpoch() string {
	var b [5]byte
	rand.Read(b[:]) // never fails
	return base32.StdEncoding.EncodeToString(b[:])
}

func (m *memory) keeps() bool { return m.live.n+m.idle.n > 0 }

// Open keeps a ring, if an empty one, so that the room has its own mark of what
// was evicted.
func (m *memory) Open(room string, o *Options) error {
	g, err := m.ring(room, o)
	if err == nil {
		m.setOpen(g, true)
	}
	return err
}

// ring returns the room's ring, a new one if there is none.
func (m *memory) ring(room string, o *Options) (*ring, error) {
	if g := m.adopt(m.rings[room], o); g != nil {
		return g, nil
	}
	if err := m.addRoom(); err != nil {
		return nil, err
	}
	g := &ring{name: room, opts: o, top: m.seq, evicted: m.lost.take(room, o)}
	m.rings[room] = g
	return g, nil
}

// Close keeps the ring only for its messages.
func (m *memory) Close(room string) {
	g := m.rings[room]
	m.setOpen(g, false)
	m.forget(g)
}

// forget drops an empty ring of a room where nobody is.
func (m *memory) forget(g *ring) {
	if g.n == 0 && !g.open && m.rings[g.name] == g {
		m.lost.put(g.name, g.opts, g.evicted, m.shard.cfg.ForgottenRooms/len(m.hub.shards))
		remove(&m.rings, &m.most, g.name)
		m.hub.dropRoom()
	}
}

// Append stores the message and brings it back at once.
func (m *memory) Append(token uint64, a Append) {
	g := m.adopt(m.rings[a.Room], a.Options)
	if g == nil && a.Options.keeps() {
		err := m.shard.mayOpen(a.From)
		if err == nil {
			g, err = m.ring(a.Room, a.Options)
		}
		if err != nil {
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
		m.store(g, p, a.From)
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
func (m *memory) store(g *ring, p Publication, from *Info) {
	now := m.shard.now
	for g.expired(now) || g.n > 0 && g.n >= g.opts.HistorySize {
		m.evict(g)
	}
	p.Prev = g.top
	g.top = p.Offset
	by, first, places := m.publisher(from), g.n == 0, g.places()
	at := g.push(kept{p, now, by})
	by.publishes(g, p.Offset)
	m.use(g)
	m.shard.Message(g.name, &at.Publication)

	cost := g.cost(at)
	m.count(g, cost+g.places()-places)
	by.hold(cost + keptSize)
	if first {
		m.count(g, g.own())
		by.hold(g.own())
	}
	for g.n > 1 && g.bytes > m.shard.cfg.RoomBytes {
		m.hub.met.roomBytes.Add(1)
		m.evict(g)
	}
	m.yield(by, g, p.Offset, cost)
}

// count adds to what the ring costs.
func (m *memory) count(g *ring, bytes int64) {
	g.bytes += bytes
	m.budget.used.Add(bytes)
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
	m.budget.used.Add(-publisherCost * int64(len(m.publishers.of)))
	m.rings, m.publishers.of = nil, nil
	m.share.coldest.Store(nothing)
	m.share.idle.Store(false)
}

// evict drops the oldest message of g. The next one's publisher pays for the
// ring then.
func (m *memory) evict(g *ring) {
	k, places := *g.at(0), g.places()
	cost := g.cost(&k)
	g.pop()
	m.count(g, g.places()-places-cost)
	k.by.hold(-cost - keptSize)
	switch {
	case g.n == 0:
		m.of(g).remove(g)
		m.count(g, -g.own())
		k.by.hold(-g.own())
	case g.at(0).by != k.by:
		k.by.hold(-g.own())
		g.at(0).by.hold(g.own())
	}
	m.lose(k.by)
}

// age drops the expired messages of g.
func (m *memory) age(g *ring) {
	for g.expired(m.shard.now) {
		m.evict(g)
	}
}

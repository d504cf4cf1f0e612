package room

import (
	"crypto/rand"
	"encoding/base32"
)

// memory is the log of one shard that keeps messages in memory. The shard's
// goroutine calls it, and it calls the shard back within the call, so everything
// here belongs to the shard.
//
// Offsets come from one sequence per shard, and the epoch is random for each
// process and shard. So the position of a room that was removed stays valid: it
// is the sequence's. Whether a client has missed a message is known from the
// highest offset that was evicted: the ring has it, and for a room that was
// removed the high-water marks (watermarks.go).
type memory struct {
	shard  *shard
	hub    *Hub
	budget *budget
	share  *shardBudget
	epoch  string
	seq    uint64

	rings     map[string]*ring
	peakRings peak
	marks     *highWaterMarks
	occupied  lruList // rings with messages, of rooms with members
	idle      lruList // rings with messages, of rooms without members

	publishers publishers
	passing    Publication // a message that is not kept, during passThrough
}

func newMemory(s *shard, h *Hub) *memory {
	m := &memory{shard: s, hub: h, budget: &h.budget, epoch: newEpoch(), rings: make(map[string]*ring)}
	m.marks = newHighWaterMarks(&h.forgotten, &h.limits.forgottenRooms)
	m.share = h.budget.add(m)
	m.occupied.init()
	m.idle.init()
	m.publishers = publishers{of: make(map[uint64]*publisher), bytes: h.publishers}
	return m
}

func newEpoch() string {
	var b [5]byte
	rand.Read(b[:]) // never fails
	return base32.StdEncoding.EncodeToString(b[:])
}

// Keeps implements keeper.
func (m *memory) Keeps(room string) bool { return m.rings[room] != nil }

// Empty implements keeper.
func (m *memory) Empty() bool { return m.occupied.n+m.idle.n == 0 }

// Open keeps a ring, which may be empty, so that the room has its own mark of
// evicted messages.
func (m *memory) Open(room string, o *Options) error {
	g, err := m.ring(room, o)
	if err == nil {
		m.setOpen(g, true)
	}
	return err
}

// Close keeps the ring only if it has messages.
func (m *memory) Close(room string) {
	g := m.rings[room]
	m.setOpen(g, false)
	m.removeIfEmpty(g)
}

// ring returns the room's ring, a new one if there is none.
func (m *memory) ring(room string, o *Options) (*ring, error) {
	if g := m.find(room, o); g != nil {
		return g, nil
	}
	if err := m.reserveRoom(); err != nil {
		return nil, err
	}
	g := &ring{name: room, opts: o, head: m.seq, evicted: m.marks.take(room, o)}
	m.rings[room] = g
	return g, nil
}

// find returns the room's ring with the options o, nil if there is none. The
// options of a namespace may have changed: then the ring may lose messages, and
// be removed.
func (m *memory) find(room string, o *Options) *ring {
	g := m.rings[room]
	if g == nil || g.opts == o || o == nil {
		return g
	}
	g.opts = o
	for g.n > o.HistorySize {
		m.evict(g)
	}
	m.dropExpired(g)
	m.removeIfEmpty(g)
	return m.rings[room]
}

// removeIfEmpty removes a ring without messages of a room without members.
func (m *memory) removeIfEmpty(g *ring) {
	if g.n == 0 && !g.open && m.rings[g.name] == g {
		m.marks.add(g.name, g.opts, g.evicted, m.shard.cfg.ForgottenRooms/len(m.hub.shards))
		deleteShrinking(&m.rings, &m.peakRings, g.name)
		m.hub.releaseRoom()
	}
}

// Append stores the message and passes it to the shard at once.
func (m *memory) Append(token uint64, a Append) {
	g := m.find(a.Room, a.Options)
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
	p := Publication{Offset: m.seq, Time: a.Time, Data: a.Data, From: a.From}
	switch {
	case g == nil: // no members and no history
		m.marks.noteUnkept(a.Options, m.seq)
	case g.opts.keeps():
		m.keep(g, p)
	default:
		m.passThrough(g, p)
	}
	m.shard.Appended(token, Stored{Position: Position{m.seq, m.epoch}})
	m.trim()
}

// passThrough passes p to the members and does not keep it.
func (m *memory) passThrough(g *ring, p Publication) {
	p.Prev = g.head
	g.head, g.evicted = p.Offset, p.Offset
	m.passing = p
	m.shard.Message(g.name, &m.passing)
	m.passing = Publication{}
}

// keep appends p to the ring, passes it to the members, and evicts what exceeds
// a bound.
func (m *memory) keep(g *ring, p Publication) {
	now := m.shard.now
	for g.hasExpired(now) || g.n > 0 && g.n >= g.opts.HistorySize {
		m.evict(g)
	}
	p.Prev = g.head
	g.head = p.Offset
	from, first, slots := m.author(p.From), g.n == 0, g.slotBytes()
	p.From = from.info()
	at, by := g.push(kept{p, now, from}), from.publisher()
	from.addRecord(g, p.Offset)
	m.touch(g)
	m.shard.Message(g.name, &at.Publication)

	cost := g.cost(at)
	m.charge(g, cost+g.slotBytes()-slots)
	by.charge(cost + keptSize)
	if first {
		m.charge(g, g.overhead())
		by.charge(g.overhead())
	}
	for g.n > 1 && g.bytes > m.shard.cfg.RoomBytes {
		m.hub.limits.roomBytes.Add(1)
		m.evict(g)
	}
	m.limitPublisher(by, g, p.Offset, cost)
}

// charge adds bytes to the memory of the ring.
func (m *memory) charge(g *ring, bytes int64) {
	g.bytes += bytes
	m.budget.used.Add(bytes)
}

// evict drops the oldest message of g. The publisher of the next one is charged
// for the ring then.
func (m *memory) evict(g *ring) {
	k, slots := *g.at(0), g.slotBytes()
	cost := g.cost(&k)
	g.pop()
	m.charge(g, g.slotBytes()-slots-cost)
	by := k.from.publisher()
	by.charge(-cost - keptSize)
	switch {
	case g.n == 0:
		m.listOf(g).remove(g)
		m.charge(g, -g.overhead())
		by.charge(-g.overhead())
	case g.at(0).from.publisher() != by:
		by.charge(-g.overhead())
		g.at(0).from.publisher().charge(g.overhead())
	}
	m.removeRecord(k.from)
}

// dropExpired drops the messages of g that are older than HistoryTTL.
func (m *memory) dropExpired(g *ring) {
	for g.hasExpired(m.shard.now) {
		m.evict(g)
	}
}

// Read answers at once.
func (m *memory) Read(token uint64, q Query) {
	g := m.find(q.Room, q.Options)
	if g == nil {
		g = &ring{head: m.seq, evicted: m.marks.lookup(q.Room, q.Options)}
	} else {
		m.dropExpired(g)
	}
	pubs, complete, more := g.read(&q, func(k *kept) { m.encode(g, k, q.Form) })
	m.shard.Found(token, Result{
		Position: Position{g.head, m.epoch}, Publications: pubs, Complete: complete, More: more,
	})
	if g.opts != nil {
		m.removeIfEmpty(g)
	}
	m.trim()
}

// encode encodes a kept message in a form that nobody has needed before.
func (m *memory) encode(g *ring, k *kept, f Form) {
	before := g.cost(k)
	m.shard.cfg.Encode(g.name, &k.Publication, f)
	more := g.cost(k) - before
	m.charge(g, more)
	k.from.publisher().charge(more)
}

// maxSweep is the number of rings of each list that one sweep looks at.
const maxSweep = 512

// Sweep implements keeper: it drops the expired messages of a bounded number of
// rings and goes on there the next time.
func (m *memory) Sweep() (more bool) {
	for _, l := range []*lruList{&m.idle, &m.occupied} {
		for range min(maxSweep, l.n) {
			g := l.advance()
			if g == nil {
				break
			}
			m.dropExpired(g)
			m.removeIfEmpty(g)
		}
		more = more || l.n > maxSweep
	}
	m.exportShare()
	return more
}

// Shutdown returns to the process what this log counts there.
func (m *memory) Shutdown() {
	for _, g := range m.rings {
		m.budget.used.Add(-g.bytes)
		m.hub.releaseRoom()
	}
	m.budget.used.Add(-m.publishers.cost)
	m.rings, m.publishers.of = nil, nil
	m.share.oldestUse.Store(noRings)
	m.share.idle.Store(false)
}

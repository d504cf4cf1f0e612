package room

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"
)

// publishers counts the history of each publisher, so that no publisher displaces
// the history of all others: beyond Config.PublisherBytes the publisher's own
// oldest messages are evicted. A publisher is a user, or an anonymous connection.
// Messages of the server have none.
type publishers struct {
	of    map[uint64]*publisher
	peak  peak  // of of
	cost  int64 // memory of publishers and authors, counted in budget.used
	bytes *publisherBytes
}

// publisherBytes has the bytes of publishers in the process, by their hash. Two
// publishers with the same slot of 65,536 are counted as one: then each may lose
// its oldest messages too early.
type publisherBytes struct {
	seeds [2]maphash.Seed
	slots [1 << 16]atomic.Int64
}

// publisher is what one shard keeps of a publisher with messages there.
type publisher struct {
	hash    uint64
	bytes   *atomic.Int64 // in all shards
	n       int           // messages here
	records queue[record] // of these, oldest first, and of some that were evicted
	last    *author       // of its newest message, or nil
}

// author is the connection that has published a message. It has a copy of the
// caller's Info, so that history does not keep the memory of a connection that
// has ended. Consecutive messages of a connection share one.
type author struct {
	Info
	of *publisher
	n  int // messages here
}

// record is where a message is kept, or was.
type record struct {
	ring   *ring
	offset uint64
}

// What a publisher, an author and a record take in a shard.
const (
	publisherCost = 160
	authorCost    = 80
	recordCost    = 24
)

func (a *author) cost() int64 { return authorCost + int64(len(a.User)+len(a.ConnInfo)) }

func (a *author) info() *Info {
	if a == nil {
		return nil
	}
	return &a.Info
}

func (a *author) publisher() *publisher {
	if a == nil {
		return nil
	}
	return a.of
}

func newPublisherBytes() *publisherBytes {
	return &publisherBytes{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

func (b *publisherBytes) hash(from *Info) uint64 {
	if from.User != "" {
		return maphash.String(b.seeds[0], from.User)
	}
	return maphash.Bytes(b.seeds[1], from.Client[:])
}

// publisher returns the publisher of a message that is kept, nil for the server.
func (m *memory) publisher(from *Info) *publisher {
	if from == nil {
		return nil
	}
	ps := &m.publishers
	hash := ps.bytes.hash(from)
	p := ps.of[hash]
	if p == nil {
		p = &publisher{hash: hash, bytes: &ps.bytes.slots[hash%uint64(len(ps.bytes.slots))]}
		ps.of[hash] = p
		m.chargePublishers(publisherCost)
	}
	return p
}

// author returns the author of a message that is kept, nil for the server.
func (m *memory) author(from *Info) *author {
	p := m.publisher(from)
	if p == nil {
		return nil
	}
	if a := p.last; a != nil && a.Client == from.Client && a.User == from.User && bytes.Equal(a.ConnInfo, from.ConnInfo) {
		return a
	}
	a := &author{Info: *from, of: p}
	p.last = a
	p.charge(a.cost())
	m.chargePublishers(a.cost())
	return a
}

func (m *memory) chargePublishers(bytes int64) {
	m.publishers.cost += bytes
	m.budget.used.Add(bytes)
}

// charge adds bytes to the publisher's.
func (p *publisher) charge(bytes int64) {
	if p != nil {
		p.bytes.Add(bytes)
	}
}

// addRecord notes a message of a that is kept in g.
func (a *author) addRecord(g *ring, offset uint64) {
	if a == nil {
		return
	}
	p := a.of
	a.n++
	p.n++
	p.records.push(record{g, offset})
	if p.records.len() > 2*p.n+64 {
		p.compact()
	}
}

// removeRecord notes that a message of a was evicted. Its record stays until the
// next compact.
func (m *memory) removeRecord(a *author) {
	if a == nil {
		return
	}
	p := a.of
	if a.n--; a.n == 0 {
		if p.last == a {
			p.last = nil
		}
		p.charge(-a.cost())
		m.chargePublishers(-a.cost())
	}
	if p.n--; p.n == 0 {
		deleteShrinking(&m.publishers.of, &m.publishers.peak, p.hash)
		m.chargePublishers(-publisherCost)
	}
}

// compact drops the records of evicted messages.
func (p *publisher) compact() {
	var live queue[record]
	for p.records.len() > 0 {
		if r := p.records.pop(); r.kept() {
			live.push(r)
		}
	}
	p.records = live
}

func (r record) kept() bool { return r.ring.n > 0 && r.ring.at(0).Offset <= r.offset }

// maxRecords bounds the records that oldestRing looks at.
const maxRecords = 64

// limitPublisher evicts messages while p, which has published the message at
// offset to g for cost, is above PublisherBytes. It evicts messages of p that are
// the oldest of their rooms. If that is not enough it evicts the oldest messages
// of g, whoever published them, up to cost. Other rooms lose only messages of p.
func (m *memory) limitPublisher(p *publisher, g *ring, offset uint64, cost int64) {
	if p == nil {
		return
	}
	limit := m.shard.cfg.PublisherBytes
	for p.bytes.Load() > limit {
		own := p.oldestRing(offset)
		if own == nil {
			break
		}
		m.hub.limits.publisherBytes.Add(1)
		m.evict(own)
		m.removeIfEmpty(own)
	}
	for p.bytes.Load() > limit && g.n > 1 && cost > 0 {
		m.hub.limits.publisherBytes.Add(1)
		cost -= g.cost(g.at(0))
		m.evict(g)
	}
}

// oldestRing returns a ring whose oldest message is p's, nil if it finds none
// before the message at offset. It drops a record with older messages of others
// before it: that message is evicted with its room.
func (p *publisher) oldestRing(offset uint64) *ring {
	for i := 0; i < maxRecords && p.records.len() > 0; i++ {
		r := *p.records.first()
		if r.offset == offset {
			return nil
		}
		p.records.pop()
		if r.kept() && r.ring.at(0).Offset == r.offset {
			return r.ring
		}
	}
	return nil
}

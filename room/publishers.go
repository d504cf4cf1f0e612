package room

import (
	"hash/maphash"
	"sync/atomic"
)

// publishers knows how much history of each publisher is kept, so that nobody
// displaces the history of all others: whoever is above Config.PublisherBytes
// gives up the oldest of its own. A publisher is a user, or a connection that is
// anonymous; what the server itself publishes is nobody's.
type publishers struct {
	of    map[uint64]*publisher
	most  peak // of of
	bytes *publisherBytes
}

// publisherBytes are the bytes of publishers in the process, by their hash. Two
// that fall to one place are judged together: with 65,536 places that is rare,
// and costs them the oldest messages of their own.
type publisherBytes struct {
	seeds [2]maphash.Seed
	held  [1 << 16]atomic.Int64
}

// publisher is what one shard keeps of one.
type publisher struct {
	hash uint64
	held *atomic.Int64 // bytes, of all shards
	n    int           // messages here
	all  queue[record] // of these, the oldest first, and of some that are gone
}

// record is where a message is kept, or was.
type record struct {
	ring   *ring
	offset uint64
}

// What a publisher costs in a shard, and a record.
const (
	publisherCost = 160
	recordCost    = 24
)

func newPublisherBytes() *publisherBytes {
	return &publisherBytes{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

func (b *publisherBytes) hash(from *Info) uint64 {
	if from.User != "" {
		return maphash.String(b.seeds[0], from.User)
	}
	return maphash.Bytes(b.seeds[1], from.Client[:])
}

// publisher returns who publishes a message that is kept; nil: the server.
func (m *memory) publisher(from *Info) *publisher {
	if from == nil {
		return nil
	}
	ps := &m.publishers
	hash := ps.bytes.hash(from)
	p := ps.of[hash]
	if p == nil {
		p = &publisher{hash: hash, held: &ps.bytes.held[hash%uint64(len(ps.bytes.held))]}
		ps.of[hash] = p
		m.budget.used.Add(publisherCost)
	}
	return p
}

// hold adds bytes to those of the publisher of a message.
func (p *publisher) hold(bytes int64) {
	if p != nil {
		p.held.Add(bytes)
	}
}

// publishes notes a message of p that is kept in g.
func (p *publisher) publishes(g *ring, offset uint64) {
	if p == nil {
		return
	}
	p.n++
	p.all.push(record{g, offset})
	if p.all.len() > 2*p.n+64 {
		p.compact()
	}
}

// lose notes that a message of p is not kept any more.
func (m *memory) lose(p *publisher) {
	if p == nil {
		return
	}
	if p.n--; p.n == 0 {
		remove(&m.publishers.of, &m.publishers.most, p.hash)
		m.budget.used.Add(-publisherCost)
	}
}

// compact drops the records of messages that are gone.
func (p *publisher) compact() {
	var all queue[record]
	for p.all.len() > 0 {
		if r := p.all.pop(); r.kept() {
			all.push(r)
		}
	}
	p.all = all
}

func (r record) kept() bool { return r.ring.n > 0 && r.ring.at(0).Offset <= r.offset }

// recordsMax bounds how many records of p one message looks at.
const recordsMax = 64

// yield makes room for the message at offset, which p has published to g for
// cost, while p holds too much: by its own oldest messages, and where others'
// stand before them, by the oldest of the room it writes to. Other rooms pay
// nothing.
func (m *memory) yield(p *publisher, g *ring, offset uint64, cost int64) {
	if p == nil {
		return
	}
	limit := m.shard.cfg.PublisherBytes
	for p.held.Load() > limit {
		own := p.oldest(offset)
		if own == nil {
			break
		}
		m.hub.met.publisherBytes.Add(1)
		m.evict(own)
		m.forget(own)
	}
	for p.held.Load() > limit && g.n > 1 && cost > 0 {
		m.hub.met.publisherBytes.Add(1)
		cost -= g.cost(g.at(0))
		m.evict(g)
	}
}

// oldest returns the ring whose oldest message is that of p, nil if none was
// found. A record behind the messages of others is dropped: its message goes
// with its room.
func (p *publisher) oldest(but uint64) *ring {
	for i := 0; i < recordsMax && p.all.len() > 0; i++ {
		r := *p.all.first()
		if r.offset == but {
			return nil
		}
		p.all.pop()
		if r.kept() && r.ring.at(0).Offset == r.offset {
			return r.ring
		}
	}
	return nil
}

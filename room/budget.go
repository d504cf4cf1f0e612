package room

import (
	"math"
	"sync/atomic"
)

// budget is the memory that history may take in the process, and the number of
// rooms. What is over it goes from the coldest rooms of all shards, oldest
// first: each shard tells how cold its coldest is, and the one with the coldest
// is asked to drop.
type budget struct {
	limit  atomic.Int64
	used   atomic.Int64
	shares []*shardBudget
}

type shardBudget struct {
	shard   *shard
	coldest atomic.Int64 // when its coldest room was used, in ns of the shard's clock; nothing: it has none
	idle    atomic.Bool  // it has rooms without members
	asked   atomic.Bool
}

const nothing = math.MaxInt64

// join adds a shard, before any of them runs.
func (b *budget) join(s *shard) *shardBudget {
	sb := &shardBudget{shard: s}
	sb.coldest.Store(nothing)
	b.shares = append(b.shares, sb)
	return sb
}

func (b *budget) over() bool { return b.used.Load() > b.limit.Load() }

// spare is how far above the limit it may be for as long as the shard with the
// coldest room takes to answer.
func (b *budget) spare() int64 { return b.limit.Load() / 16 }

func (b *budget) coldest() *shardBudget {
	c := b.shares[0]
	for _, sb := range b.shares[1:] {
		if sb.coldest.Load() < c.coldest.Load() {
			c = sb
		}
	}
	return c
}

// idle returns a shard that has rooms without members, nil if none has.
func (b *budget) idle() *shardBudget {
	for _, sb := range b.shares {
		if sb.idle.Load() {
			return sb
		}
	}
	return nil
}

// trim drops messages while the process keeps too many bytes, if this shard's
// are the coldest or there is no time to ask who has them.
func (m *memory) trim() {
	m.cool()
	for m.budget.over() && m.coldest() != nil {
		c := m.budget.coldest()
		if c != m.share && m.budget.used.Load() <= m.budget.limit.Load()+m.budget.spare() {
			c.ask()
			return
		}
		m.evictColdest()
	}
	if c := m.budget.coldest(); m.budget.over() && c.coldest.Load() != nothing {
		c.ask()
	}
}

// ask makes the shard trim and shed.
func (sb *shardBudget) ask() {
	if !sb.asked.CompareAndSwap(false, true) {
		return
	}
	n := sb.shard.box.node()
	n.kind, n.call = call, sb.answer
	sb.shard.box.put(n)
}

func (sb *shardBudget) answer() {
	sb.asked.Store(false)
	sb.shard.mem.trim()
	sb.shard.mem.shed(0)
}

// addRoom counts one room more. At the bound the coldest room without members
// goes for it: of this shard, or of another one, which is given the time.
func (m *memory) addRoom() error {
	if m.hub.addRoom(0) {
		return nil
	}
	if m.shed(1) {
		m.hub.rooms.Add(1)
		return nil
	}
	if sb := m.budget.idle(); sb != nil && m.hub.addRoom(16) {
		sb.ask()
		return nil
	}
	m.hub.met.maxRooms.Add(1)
	return ErrLimit
}

// shedMax bounds the rooms that go at once, after the bound was lowered.
const shedMax = 64

// shed forgets rooms without members, the coldest first, until there are places
// for so many more. It reports whether any went.
func (m *memory) shed(places int64) (went bool) {
	for i := 0; i < shedMax && !m.hub.roomFor(places); i++ {
		g := m.idle.coldest()
		if g == nil {
			break
		}
		m.hub.met.maxRooms.Add(1)
		for g.n > 0 {
			m.evict(g)
		}
		m.forget(g)
		went = true
	}
	m.cool()
	return went
}

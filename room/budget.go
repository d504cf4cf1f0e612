package room

import (
	"math"
	"sync/atomic"
)

// budget is the memory that the history of the process may take. Beyond it the
// oldest messages of the least recently used rooms of all shards are evicted:
// each shard exports when its oldest room was used, and the shard with the oldest
// one is asked to evict.
type budget struct {
	limit  atomic.Int64
	used   atomic.Int64
	shares []*shardBudget
}

// shardBudget is what the other shards know of a shard.
type shardBudget struct {
	log       *memory
	oldestUse atomic.Int64 // when its oldest room was used, in ns of the shard's clock, or noRings
	idle      atomic.Bool  // it has rooms without members
	requested atomic.Bool  // a call of trim is in its mailbox
}

const noRings = math.MaxInt64

// add adds the log of a shard, before any shard runs.
func (b *budget) add(m *memory) *shardBudget {
	sb := &shardBudget{log: m}
	sb.oldestUse.Store(noRings)
	b.shares = append(b.shares, sb)
	return sb
}

func (b *budget) exceeded() bool { return b.used.Load() > b.limit.Load() }

// slack is how far used may be above the limit until the shard with the oldest
// room has evicted.
func (b *budget) slack() int64 { return b.limit.Load() / 16 }

func (b *budget) oldestShard() *shardBudget {
	oldest := b.shares[0]
	for _, sb := range b.shares[1:] {
		if sb.oldestUse.Load() < oldest.oldestUse.Load() {
			oldest = sb
		}
	}
	return oldest
}

// shardWithIdle returns a shard with rooms without members, nil if none has.
func (b *budget) shardWithIdle() *shardBudget {
	for _, sb := range b.shares {
		if sb.idle.Load() {
			return sb
		}
	}
	return nil
}

// requestTrim makes the shard evict what is above the bounds.
func (sb *shardBudget) requestTrim() {
	if !sb.requested.CompareAndSwap(false, true) {
		return
	}
	box := sb.log.shard.box
	n := box.node()
	n.kind, n.call = call, sb.trim
	box.put(n)
}

func (sb *shardBudget) trim() {
	sb.requested.Store(false)
	sb.log.trim()
	sb.log.evictIdle(0)
}

// exportShare tells the other shards when the oldest room here was used, and
// whether there are rooms without members.
func (m *memory) exportShare() {
	at := int64(noRings)
	if g := m.oldest(); g != nil {
		at = int64(g.used)
	}
	if m.share.oldestUse.Load() != at {
		m.share.oldestUse.Store(at)
	}
	if idle := m.idle.n > 0; m.share.idle.Load() != idle {
		m.share.idle.Store(idle)
	}
}

// trim evicts messages while the budget is exceeded and this shard has the oldest
// room. Another shard that has it is asked to; beyond the slack this one does not
// wait for it.
func (m *memory) trim() {
	m.exportShare()
	for m.budget.exceeded() && m.oldest() != nil {
		sb := m.budget.oldestShard()
		if sb != m.share && m.budget.used.Load() <= m.budget.limit.Load()+m.budget.slack() {
			sb.requestTrim()
			return
		}
		m.evictOldest()
	}
	if sb := m.budget.oldestShard(); m.budget.exceeded() && sb.oldestUse.Load() != noRings {
		sb.requestTrim()
	}
}

// reserveRoom counts one room more. At the bound the oldest room without members
// is removed for it: one of this shard, or one of another shard, which is asked to.
func (m *memory) reserveRoom() error {
	if m.hub.reserveRoom(0) {
		return nil
	}
	if m.evictIdle(1) {
		m.hub.rooms.Add(1)
		return nil
	}
	if sb := m.budget.shardWithIdle(); sb != nil && m.hub.reserveRoom(16) {
		sb.requestTrim()
		return nil
	}
	m.hub.limits.maxRooms.Add(1)
	return ErrLimit
}

// maxEvictIdle bounds the rooms that are removed at once after the bound was
// lowered.
const maxEvictIdle = 64

// evictIdle removes rooms without members, least recently used first, until n
// rooms more are within the bound. It reports whether it removed any.
func (m *memory) evictIdle(n int64) (removed bool) {
	for i := 0; i < maxEvictIdle && !m.hub.hasRoomFor(n); i++ {
		g := m.idle.oldest()
		if g == nil {
			break
		}
		m.hub.limits.maxRooms.Add(1)
		for g.n > 0 {
			m.evict(g)
		}
		m.removeIfEmpty(g)
		removed = true
	}
	m.exportShare()
	return removed
}

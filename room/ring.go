package room

import (
	"sort"
	"time"
	"unsafe"
)

// ring is a room's history in memory, oldest first. It grows by doubling up to
// HistorySize and is given back when it is empty.
type ring struct {
	name    string
	opts    *Options
	open    bool          // has members here: it stays while it is empty
	top     uint64        // the room's position
	evicted uint64        // the highest offset that the room had and has not any more, or more
	bytes   int64         // what it costs, counted in budget.used
	used    time.Duration // when the last message, the first member or the last leave came

	buf        []kept
	start, n   int
	prev, next *ring // in memory.idle or memory.live, if n > 0
}

// kept is a message of a ring and when it came, on the shard's clock: its Time
// is that of a clock that may be set, and no age.
type kept struct {
	Publication
	came time.Duration
	by   *publisher // nil: the server
}

// What is kept costs, beside the bytes of the message, which the edge holds
// against the heap in a test. A message's place is counted with the ring.
const (
	keptSize        = int64(unsafe.Sizeof(kept{}))
	publicationCost = 80  // what surrounds the message where it was encoded
	roundedUp       = 16  // one in so many bytes: the allocator has sizes
	ringCost        = 192 // with its entry in the map
)

// cost is what a message costs beside its place; the push has the room's name.
func (g *ring) cost(k *kept) int64 {
	size := int64(k.size()+len(g.name)) + publicationCost
	if k.by != nil {
		size += recordCost
	}
	return size + size/roundedUp
}

// own is what the ring costs beside its places and its messages: its oldest
// message's publisher pays for it.
func (g *ring) own() int64 { return ringCost + int64(len(g.name)) }

// places is what the places for messages cost.
func (g *ring) places() int64 { return int64(len(g.buf)) * keptSize }

func (g *ring) at(i int) *kept { return &g.buf[(g.start+i)%len(g.buf)] }

// push appends p and returns where it is; the caller has made room.
func (g *ring) push(p kept) *kept {
	if g.n == len(g.buf) {
		g.resize(min(max(2*g.n, 1), max(g.opts.HistorySize, g.n+1)))
	}
	g.n++
	at := g.at(g.n - 1)
	*at = p
	return at
}

func (g *ring) resize(size int) {
	buf := make([]kept, size)
	for i := range g.n {
		buf[i] = *g.at(i)
	}
	g.buf, g.start = buf, 0
}

// pop drops the oldest message.
func (g *ring) pop() {
	p := g.at(0)
	g.evicted = p.Offset
	*p = kept{}
	g.start = (g.start + 1) % len(g.buf)
	g.n--
	switch {
	case g.n == 0:
		g.buf, g.start = nil, 0
	case len(g.buf) > 16 && g.n < len(g.buf)/4:
		g.resize(len(g.buf) / 2)
	}
}

// expired: the oldest message has reached the age.
func (g *ring) expired(now time.Duration) bool {
	ttl := g.opts.HistoryTTL
	return g.n > 0 && ttl > 0 && now-g.at(0).came >= ttl
}

// after is the index of the first message after offset.
func (g *ring) after(offset uint64) int {
	return sort.Search(g.n, func(i int) bool { return g.at(i).Offset > offset })
}

// read collects what q asks for; complete and more as in Result.
func (g *ring) read(q *Query) (pubs []Publication, complete, more bool) {
	i, step := 0, 1
	switch {
	case q.Reverse && q.HasSince:
		i, step = g.before(q.Since.Offset), -1
	case q.Reverse:
		i, step = g.n-1, -1
	case q.HasSince:
		i = g.after(q.Since.Offset)
	}
	whole := q.HasSince && q.Since.Offset >= g.evicted && q.Since.Offset <= g.top
	size := 0
	for ; i >= 0 && i < g.n && len(pubs) < q.Limit; i += step {
		p := g.at(i)
		if size += p.size(); size > q.MaxBytes && len(pubs) > 0 {
			break
		}
		pubs = append(pubs, p.Publication)
	}
	if whole && len(pubs) > 0 && !q.Reverse { // the room may have been forgotten in between, without a loss
		pubs[0].Prev = min(pubs[0].Prev, q.Since.Offset)
	}
	return pubs, whole && i == g.n, i >= 0 && i < g.n
}

// before is the index of the last message before offset, or -1.
func (g *ring) before(offset uint64) int {
	return sort.Search(g.n, func(i int) bool { return g.at(i).Offset >= offset }) - 1
}

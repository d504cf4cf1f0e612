package room

import (
	"sort"
	"time"
	"unsafe"
)

// ring is a room's history in memory, oldest message first. It grows by doubling
// up to HistorySize. An empty ring has no buffer.
type ring struct {
	name    string
	opts    *Options
	open    bool          // the room has members: the ring stays while it is empty
	head    uint64        // offset of the room's last message
	evicted uint64        // not below the highest offset that was evicted
	bytes   int64         // memory, counted in budget.used
	used    time.Duration // time of the last message, the first join or the last leave

	buf        []kept
	start, n   int
	prev, next *ring // in memory.idle or memory.occupied, if n > 0
}

// kept is a message of a ring. Its age is measured on the shard's clock, since
// the clock of Time may be set.
type kept struct {
	Publication
	came time.Duration
	from *author // nil: the server
}

// What a kept message takes beside its bytes; a test of the edge compares it
// with the heap. The slots for messages are counted with the ring.
const (
	keptSize        = int64(unsafe.Sizeof(kept{}))
	publicationCost = 16  // what a message takes in any case
	pushCost        = 64  // what surrounds the message in the buffer where it was encoded
	roundedUp       = 16  // one byte in so many, for the size classes of the allocator
	ringCost        = 192 // with its entry in the map
)

// cost returns what a message takes beside its slot. Each encoded push has the
// name of the room.
func (g *ring) cost(k *kept) int64 {
	size := int64(k.bytes()) + publicationCost
	for _, b := range k.Encoded {
		if b != nil {
			size += int64(len(g.name)) + pushCost
		}
	}
	if k.from != nil {
		size += recordCost
	}
	return size + size/roundedUp
}

// overhead returns what the ring takes beside its slots and messages. The
// publisher of its oldest message is charged for it.
func (g *ring) overhead() int64 { return ringCost + int64(len(g.name)) }

// slotBytes returns the memory of the slots.
func (g *ring) slotBytes() int64 { return int64(len(g.buf)) * keptSize }

func (g *ring) at(i int) *kept { return &g.buf[(g.start+i)%len(g.buf)] }

// push appends p and returns its slot. The caller has evicted what HistorySize
// does not allow.
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

// hasExpired tells whether the oldest message is older than HistoryTTL.
func (g *ring) hasExpired(now time.Duration) bool {
	ttl := g.opts.HistoryTTL
	return g.n > 0 && ttl > 0 && now-g.at(0).came >= ttl
}

// after returns the index of the first message after offset.
func (g *ring) after(offset uint64) int {
	return sort.Search(g.n, func(i int) bool { return g.at(i).Offset > offset })
}

// before returns the index of the last message before offset, or -1.
func (g *ring) before(offset uint64) int {
	return sort.Search(g.n, func(i int) bool { return g.at(i).Offset >= offset }) - 1
}

// read collects what q asks for. encode is called for each message that it returns
// and that is not encoded in q's form. complete and more are those of Result.
func (g *ring) read(q *Query, encode func(*kept)) (pubs []Publication, complete, more bool) {
	i, step := 0, 1
	switch {
	case q.Reverse && q.HasSince:
		i, step = g.before(q.Since.Offset), -1
	case q.Reverse:
		i, step = g.n-1, -1
	case q.HasSince:
		i = g.after(q.Since.Offset)
	}
	covered := q.HasSince && q.Since.Offset >= g.evicted && q.Since.Offset <= g.head
	size := 0
	for ; i >= 0 && i < g.n && len(pubs) < q.Limit; i += step {
		p := g.at(i)
		if p.Encoded[q.Form] == nil {
			encode(p)
		}
		if size += p.size(q.Form); size > q.MaxBytes && len(pubs) > 0 {
			break
		}
		pubs = append(pubs, p.Publication)
	}
	if covered && len(pubs) > 0 && !q.Reverse { // the ring may be newer than Since, with nothing lost before it
		pubs[0].Prev = min(pubs[0].Prev, q.Since.Offset)
	}
	return pubs, covered && i == g.n, i >= 0 && i < g.n
}

package room

import (
	"hash/maphash"
	"sync/atomic"
)

// highWaterMarks keeps, for rooms without members and messages, the highest
// offset that was evicted. So a client that comes back is told exactly whether it
// has missed a message. Their number is bounded: the oldest mark beyond the bound
// is folded into a mark of its namespace, below which no position is recovered,
// whether messages were evicted or not.
//
// Rooms whose options keep no history share one mark of their namespace, since
// each message is lost as it is published.
type highWaterMarks struct {
	seed   maphash.Seed
	total  *atomic.Int64 // number of marks in the process
	folded *atomic.Int64 // counts the marks that were folded

	namespaces [maxNamespaces + 1]namespaceMark // the last is shared by all namespaces beyond maxNamespaces
	number     map[string]uint8                 // index of a namespace in namespaces

	index map[uint64]int32 // by the hash of the room's name, into marks
	marks []roomMark       // marks[0] is the root of the list: next is the oldest, prev the newest
	free  int32            // first of the unused ones, linked by next; 0: none
}

// roomMark takes 32 bytes, and 20 more in the map. Rooms are distinguished by 64
// bits of a hash with a secret seed.
type roomMark struct {
	hash       uint64
	offset     uint64 // the highest that was evicted
	prev, next int32
	namespace  uint8
}

// namespaceMark has the highest evicted offsets of rooms without a mark.
type namespaceMark struct {
	folded uint64
	unkept uint64 // of rooms that keep no history
}

// maxNamespaces bounds the namespaces with marks of their own.
const maxNamespaces = 64

func newHighWaterMarks(total, folded *atomic.Int64) *highWaterMarks {
	return &highWaterMarks{
		seed: maphash.MakeSeed(), total: total, folded: folded,
		number: make(map[string]uint8), index: make(map[uint64]int32), marks: make([]roomMark, 1),
	}
}

// namespace returns the index of the mark of a namespace.
func (f *highWaterMarks) namespace(o *Options) uint8 {
	n, ok := f.number[o.Namespace]
	switch {
	case ok:
		return n
	case len(f.number) < maxNamespaces:
		n = uint8(len(f.number))
		f.number[o.Namespace] = n
		return n
	}
	return maxNamespaces
}

// lookup returns the highest offset of the room that was evicted, or may have
// been.
func (f *highWaterMarks) lookup(room string, o *Options) uint64 {
	ns := f.namespaces[f.namespace(o)]
	if i := f.index[maphash.String(f.seed, room)]; i != 0 {
		return max(ns.unkept, f.marks[i].offset)
	}
	return max(ns.unkept, ns.folded)
}

// take is lookup for a room that gets a ring again: its mark is removed.
func (f *highWaterMarks) take(room string, o *Options) uint64 {
	offset := f.lookup(room, o)
	if i := f.index[maphash.String(f.seed, room)]; i != 0 {
		f.remove(i)
		f.shrink()
	}
	return offset
}

// add notes the highest evicted offset of a room that is removed, and folds the
// oldest marks beyond limit.
func (f *highWaterMarks) add(room string, o *Options, offset uint64, limit int) {
	n := f.namespace(o)
	if !o.keeps() {
		f.noteUnkept(o, offset)
		return
	}
	if offset == 0 && f.namespaces[n].folded == 0 {
		return // nothing was evicted, and lookup finds that without a mark
	}
	hash := maphash.String(f.seed, room)
	if i := f.index[hash]; i != 0 {
		offset = max(offset, f.marks[i].offset)
		f.remove(i)
	}
	f.total.Add(1)
	f.append(roomMark{hash: hash, offset: offset, namespace: n})
	for i := 0; i < maxFolds && len(f.index) > max(limit, 1); i++ {
		f.fold()
	}
	f.shrink()
}

// maxFolds bounds the work of one add after the limit was lowered.
const maxFolds = 64

// noteUnkept notes a message of a room that keeps no history.
func (f *highWaterMarks) noteUnkept(o *Options, offset uint64) {
	ns := &f.namespaces[f.namespace(o)]
	ns.unkept = max(ns.unkept, offset)
}

// fold replaces the oldest mark by that of its namespace.
func (f *highWaterMarks) fold() {
	i := f.marks[0].next
	r := &f.marks[i]
	ns := &f.namespaces[r.namespace]
	ns.folded = max(ns.folded, r.offset)
	f.folded.Add(1)
	f.remove(i)
}

// append adds r as the newest.
func (f *highWaterMarks) append(r roomMark) {
	i := f.free
	if i == 0 {
		i = int32(len(f.marks))
		f.marks = append(f.marks, roomMark{})
	} else {
		f.free = f.marks[i].next
	}
	last := f.marks[0].prev
	r.prev, r.next = last, 0
	f.marks[i] = r
	f.marks[last].next, f.marks[0].prev = i, i
	f.index[r.hash] = i
}

func (f *highWaterMarks) remove(i int32) {
	r := f.marks[i]
	f.marks[r.prev].next, f.marks[r.next].prev = r.next, r.prev
	delete(f.index, r.hash)
	f.marks[i] = roomMark{next: f.free}
	f.free = i
	f.total.Add(-1)
}

// shrink returns memory after most marks were removed.
func (f *highWaterMarks) shrink() {
	if len(f.marks) < 1024 || len(f.index) > len(f.marks)/4 {
		return
	}
	old := f.marks
	f.marks, f.free, f.index = make([]roomMark, 1, 2*len(f.index)+1), 0, make(map[uint64]int32, 2*len(f.index))
	for i := old[0].next; i != 0; i = old[i].next {
		f.append(old[i])
	}
}

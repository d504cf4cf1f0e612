package room

import (
	"hash/maphash"
	"sync/atomic"
)

// forgotten is what is left of rooms that nobody is in and nothing is kept of:
// the highest offset that each has lost, so that a client that comes back is
// told exactly whether it missed anything. The number of rooms is bounded. Those
// that were forgotten first are folded into a floor of their namespace: beneath
// it nothing is recovered, whether it was lost or not.
//
// Rooms of options that keep nothing are not told apart: every message is lost
// as it is published, and there is one mark for all of a namespace.
type forgotten struct {
	seed   maphash.Seed
	folded *atomic.Int64 // counts the rooms that were folded

	floors [namespacesMax + 1]floor // the last is shared by the namespaces beyond namespacesMax
	number map[string]uint8         // of a namespace: its floor

	at    map[uint64]int32 // by the hash of the name, into lost
	lost  []lostRoom       // lost[0] is the head of the list: next is the oldest, prev the newest
	free  int32            // the first of the unused ones, by next; 0: none
	count atomic.Int64     // len(at), for everybody
}

// lostRoom is 32 bytes, and 20 more in the map. Names are told apart by 64 bits
// that nobody outside can compute.
type lostRoom struct {
	hash       uint64
	offset     uint64 // the highest that was lost
	prev, next int32
	floor      uint8
}

// floor has the highest offsets that a namespace has lost without a record of
// the room.
type floor struct {
	folded uint64
	unkept uint64 // of rooms that keep nothing
}

// namespacesMax bounds the namespaces that are told apart.
const namespacesMax = 64

func newForgotten(folded *atomic.Int64) *forgotten {
	return &forgotten{
		seed: maphash.MakeSeed(), folded: folded,
		number: make(map[string]uint8), at: make(map[uint64]int32), lost: make([]lostRoom, 1),
	}
}

// floorOf returns the number of a namespace's floor.
func (f *forgotten) floorOf(o *Options) uint8 {
	n, ok := f.number[o.Namespace]
	switch {
	case ok:
		return n
	case len(f.number) < namespacesMax:
		n = uint8(len(f.number))
		f.number[o.Namespace] = n
		return n
	}
	return namespacesMax
}

// find returns the highest offset that the room has lost, or may have lost.
func (f *forgotten) find(room string, o *Options) uint64 {
	fl := f.floors[f.floorOf(o)]
	if i := f.at[maphash.String(f.seed, room)]; i != 0 {
		return max(fl.unkept, f.lost[i].offset)
	}
	return max(fl.unkept, fl.folded)
}

// take is find for a room that is forgotten no longer.
func (f *forgotten) take(room string, o *Options) uint64 {
	offset := f.find(room, o)
	if i := f.at[maphash.String(f.seed, room)]; i != 0 {
		f.remove(i)
		f.shrink()
	}
	return offset
}

// put forgets a room that has lost what is up to offset; the oldest beyond
// limit are folded.
func (f *forgotten) put(room string, o *Options, offset uint64, limit int) {
	n := f.floorOf(o)
	if !o.keeps() {
		f.unkept(o, offset)
		return
	}
	if offset == 0 && f.floors[n].folded == 0 {
		return // nothing was ever lost, and no floor says otherwise
	}
	hash := maphash.String(f.seed, room)
	if i := f.at[hash]; i != 0 {
		offset = max(offset, f.lost[i].offset)
		f.remove(i)
	}
	f.append(lostRoom{hash: hash, offset: offset, floor: n})
	for i := 0; i < foldMax && len(f.at) > max(limit, 1); i++ {
		f.fold()
	}
	f.shrink()
}

// foldMax bounds the work of one put after the limit was lowered.
const foldMax = 64

// unkept notes a message of a room that keeps nothing.
func (f *forgotten) unkept(o *Options, offset uint64) {
	fl := &f.floors[f.floorOf(o)]
	fl.unkept = max(fl.unkept, offset)
}

// fold gives the oldest up.
func (f *forgotten) fold() {
	i := f.lost[0].next
	r := &f.lost[i]
	fl := &f.floors[r.floor]
	fl.folded = max(fl.folded, r.offset)
	f.folded.Add(1)
	f.remove(i)
}

// append adds r as the newest.
func (f *forgotten) append(r lostRoom) {
	i := f.free
	if i == 0 {
		i = int32(len(f.lost))
		f.lost = append(f.lost, lostRoom{})
	} else {
		f.free = f.lost[i].next
	}
	last := f.lost[0].prev
	r.prev, r.next = last, 0
	f.lost[i] = r
	f.lost[last].next, f.lost[0].prev = i, i
	f.at[r.hash] = i
	f.count.Store(int64(len(f.at)))
}

func (f *forgotten) remove(i int32) {
	r := f.lost[i]
	f.lost[r.prev].next, f.lost[r.next].prev = r.next, r.prev
	delete(f.at, r.hash)
	f.lost[i] = lostRoom{next: f.free}
	f.free = i
	f.count.Store(int64(len(f.at)))
}

// shrink gives memory back after most rooms were taken: everybody is back.
func (f *forgotten) shrink() {
	if len(f.lost) < 1024 || len(f.at) > len(f.lost)/4 {
		return
	}
	old := f.lost
	f.lost, f.free, f.at = make([]lostRoom, 1, 2*len(f.at)+1), 0, make(map[uint64]int32, 2*len(f.at))
	for i := old[0].next; i != 0; i = old[i].next {
		f.append(old[i])
	}
}

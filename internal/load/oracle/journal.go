package oracle

import "slices"

// LoopJournal is the order in which messages of a room reached the members on one loop.
type LoopJournal struct {
	Entries  Entries
	From     uint64            // no member was there for messages up to this offset
	Attended bool              // a member was there until the end
	Last     map[uint32]uint32 // without an order: the last number that arrived, by sender
}

// find is the index of a message in the journal, the latest first; -1 if it is not there.
func (r *Room) find(m ID) int {
	if m.Number > r.last[m.Sender] {
		return -1
	}
	for i := len(r.journal.Entries) - 1; i >= 0; i-- {
		if r.journal.Entries[i].ID() == m {
			return i
		}
	}
	return -1
}

// add inserts a message at index at.
func (r *Room) add(e Entry, at int) {
	r.journal.Entries = slices.Insert(r.journal.Entries, at, e)
	if r.last == nil {
		r.last = map[uint32]uint32{}
	}
	r.last[e.Sender] = max(r.last[e.Sender], e.Number)
}

// after is the index of the first entry with a higher offset.
func (j *LoopJournal) after(offset uint64) int {
	n := len(j.Entries)
	if n == 0 || j.Entries[n-1].Offset <= offset {
		return n
	}
	i, _ := slices.BinarySearchFunc(j.Entries, offset, func(e Entry, offset uint64) int {
		if e.Offset <= offset {
			return -1
		}
		return 1
	})
	return i
}

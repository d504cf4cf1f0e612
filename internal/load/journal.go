package load

import (
	"fmt"
	"slices"

	"github.com/throngd/throng/internal/load/report"
)

// The oracle of one room on one loop. The first client that a message reaches writes it into the
// journal; all others must get what stands there, in that order, each thing once. So a delivery
// costs one comparison, whatever the number of senders, and a client keeps its place only.
//
// Where offsets tell the order, a message that comes late is put where it belongs, and those who
// are past that place have missed it. What somebody has missed may still come (it was reordered)
// or not (it is lost): which of them is said at the end.

// entry is one message in the order of a room.
type entry struct {
	offset uint64 // 0 where the server has none
	sender uint32
	number uint32
}

// id names a message.
type id struct{ sender, number uint32 }

func (e entry) id() id { return id{e.sender, e.number} }

// journal is what came to one room on one loop.
type journal struct {
	entries  []entry
	last     map[uint32]uint32 // by sender, the highest number
	from     uint64            // nothing up to this offset is looked for at the end
	attended bool              // somebody was there until the end
}

// room is a room as one loop sees it.
type room struct {
	segment
	name      string
	push      []byte // how a publication of the room begins
	epoch     string
	members   []client
	journal   journal
	unordered unordered               // instead of the journal, where the server has no order
	missed    map[uint32]map[id]entry // by client: not come, but others got it
	joined    bool                    // somebody has ever joined: journal.from is known

	history []entry
	reading *client // who reads the history
	readTo  uint64  // the last offset of the pages until now
	read    bool    // to its end
	unread  string  // why not
}

// deliver compares a message with the journal. now is when it came.
func (r *room) deliver(cl *client, m entry) {
	if i := cl.pos; i < uint64(len(r.journal.entries)) && r.journal.entries[i] == m && !cl.has(unplaced) {
		cl.pos++
		return
	}
	r.compare(cl, m)
}

// compare is the rare way: the head of the journal, a newcomer's first message, or a fault.
func (r *room) compare(cl *client, m entry) {
	j := &r.journal
	at := j.find(m.id())
	if cl.has(unplaced) {
		cl.clear(unplaced)
		cl.pos = uint64(len(j.entries))
		if at >= 0 {
			cl.pos = uint64(at)
		}
	}
	switch i := int(cl.pos); {
	case at >= 0 && j.entries[at].offset != m.offset:
		r.elsewhere(cl, m, at)
	case at >= i:
		r.skip(cl, i, at)
		cl.pos = uint64(at) + 1
	case at >= 0:
		r.again(cl, m)
	default:
		r.insert(cl, m)
	}
}

// elsewhere is a message at another offset than the journal has it: for a client that has it
// already it is a repetition, for one that does not it is another order than that of others.
func (r *room) elsewhere(cl *client, m entry, at int) {
	kind := report.Repeated
	if _, missed := r.missed[cl.id][m.id()]; missed {
		kind = report.Disagree
		delete(r.missed[cl.id], m.id())
	} else if i := int(cl.pos); at >= i {
		kind = report.Disagree
		r.skip(cl, i, at)
		cl.pos = uint64(at) + 1
	}
	r.fault(cl, kind, m, fmt.Sprintf("%v came with offset %d and with %d", m.id(), r.journal.entries[at].offset, m.offset))
}

// find looks for a message, the latest first.
func (j *journal) find(m id) int {
	if m.number > j.last[m.sender] {
		return -1
	}
	for i := len(j.entries) - 1; i >= 0; i-- {
		if j.entries[i].id() == m {
			return i
		}
	}
	return -1
}

// again is a message behind the client's place.
func (r *room) again(cl *client, m entry) {
	if _, missed := r.missed[cl.id][m.id()]; missed {
		delete(r.missed[cl.id], m.id())
		r.fault(cl, report.Reordered, m, fmt.Sprintf("%v came after a later one", m.id()))
		return
	}
	r.fault(cl, report.Repeated, m, fmt.Sprintf("%v came again", m.id()))
}

// insert writes a new message where its offset belongs, or at the client's place.
func (r *room) insert(cl *client, m entry) {
	if !cl.w.keeps() {
		return
	}
	j := &r.journal
	at := int(cl.pos)
	if m.offset > 0 {
		at = j.after(m.offset)
	}
	r.place(cl, m, at)
	j.entries = slices.Insert(j.entries, at, m)
	j.count(m)
	for k := range r.members {
		other := &r.members[k]
		if other != cl && other.pos > uint64(at) {
			r.miss(other, m)
			other.pos++
		}
	}
}

// place moves the client past its message, which is about to be written at at.
func (r *room) place(cl *client, m entry, at int) {
	switch i := int(cl.pos); {
	case at < i:
		r.fault(cl, report.Reordered, m, fmt.Sprintf("%v came after offset %d", m.id(), r.journal.entries[i-1].offset))
		cl.pos++
	default:
		r.skip(cl, i, at)
		cl.pos = uint64(at) + 1
	}
	if r.journal.last[m.sender] > m.number && m.offset == 0 {
		r.fault(cl, report.Reordered, m, fmt.Sprintf("%v came after number %d of the same sender", m.id(), r.journal.last[m.sender]))
	}
}

// count remembers the highest number of each sender.
func (j *journal) count(m entry) {
	if j.last == nil {
		j.last = map[uint32]uint32{}
	}
	j.last[m.sender] = max(j.last[m.sender], m.number)
}

// after is the place of the first entry with a higher offset.
func (j *journal) after(offset uint64) int {
	n := len(j.entries)
	if n == 0 || j.entries[n-1].offset <= offset {
		return n
	}
	i, _ := slices.BinarySearchFunc(j.entries, offset, func(e entry, offset uint64) int {
		if e.offset <= offset {
			return -1
		}
		return 1
	})
	return i
}

func (r *room) skip(cl *client, from, to int) {
	for _, e := range r.journal.entries[from:to] {
		r.miss(cl, e)
	}
}

// miss notes what a client did not get in its place.
func (r *room) miss(cl *client, e entry) {
	if cl.state == away && !cl.has(resumable) || cl.has(unplaced) && r.unordered.slot == nil {
		return
	}
	if !cl.w.misses() {
		return
	}
	if r.missed == nil {
		r.missed = map[uint32]map[id]entry{}
	}
	if r.missed[cl.id] == nil {
		r.missed[cl.id] = map[id]entry{}
	}
	r.missed[cl.id][e.id()] = e
}

// enter places a client that has joined, at offset of the room. Without offsets it is at the
// beginning as long as nobody has spoken; later its first message shows where it is.
func (r *room) enter(cl *client, offset uint64, known bool) {
	cl.offset = offset
	if !known && cl.w.run.spoken.Load() {
		cl.set(unplaced)
		return
	}
	cl.clear(unplaced)
	cl.pos = uint64(r.journal.after(offset))
	if !r.joined || offset < r.journal.from {
		r.joined, r.journal.from = true, offset
	}
}

// forgo lets a client off what it has not got: it was told.
func (r *room) forgo(cl *client, offset uint64) {
	r.journal.from = max(r.journal.from, offset)
	r.enter(cl, offset, true)
}

func (m id) String() string { return fmt.Sprintf("message %d of c%d", m.number, m.sender) }

func (r *room) fault(cl *client, kind report.Kind, m entry, text string) {
	cl.w.report.Violations.Add(report.Violation{Kind: kind, Room: r.name, Offset: m.offset, Client: clientName(cl.id), Text: text})
}

func clientName(id uint32) string { return fmt.Sprintf("c%d", id) }

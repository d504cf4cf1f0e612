package oracle

import (
	"fmt"
	"iter"

	"github.com/throngd/throng/internal/load/report"
)

// Room checks the deliveries to the members of one room that share an event loop.
//
// The first member that receives a message writes it into the journal. All others must receive
// the same messages, in that order and once. A delivery costs one comparison, whatever the number
// of senders, and a member keeps nothing but its position.
//
// Where offsets tell the order, a message that arrives late is inserted where it belongs, and
// members that are past that place have missed it. A missed message may still arrive: then it was
// reordered. Otherwise it was lost, which is decided at the end.
//
// All methods are for the goroutine of the loop.
type Room struct {
	Name       string
	Members    iter.Seq[*Member]
	Limits     Limits
	Violations *report.Violations

	journal   LoopJournal
	last      map[uint32]uint32 // the highest number in the journal, by sender
	unordered *unordered        // instead of the journal, where the server has no order
	missed    map[uint32]map[ID]Entry
	joined    bool // a member has joined: journal.From is known
}

// Limits bound what a server can make the oracle keep.
type Limits interface {
	// MayKeep reports whether one more message may be kept.
	MayKeep() bool
	// MayMiss reports whether one more missed delivery may be kept.
	MayMiss() bool
	// Over reports whether the run has ended, so that nothing more need be found.
	Over() bool
}

// Deliver checks a message that a member has received.
func (r *Room) Deliver(m *Member, e Entry) {
	if r.unordered != nil {
		r.deliverUnordered(m, e)
		return
	}
	if i := m.next; int(i) < len(r.journal.Entries) && r.journal.Entries[i] == e && !m.unplaced {
		m.next++
		return
	}
	r.deliverOther(m, e)
}

// deliverOther handles all but the usual case: a message that is not in the journal yet, a
// member's first message, or a violation.
func (r *Room) deliverOther(m *Member, e Entry) {
	at := r.find(e.ID())
	if m.unplaced {
		m.unplaced = false
		m.next = uint32(len(r.journal.Entries))
		if at >= 0 {
			m.next = uint32(at)
		}
	}
	switch i := int(m.next); {
	case at >= 0 && r.journal.Entries[at].Offset != e.Offset:
		r.otherOffset(m, e, at)
	case at >= i:
		r.missUntil(m, at)
		m.next = uint32(at) + 1
	case at >= 0:
		r.repeated(m, e)
	default:
		r.insert(m, e)
	}
}

// otherOffset handles a message that is in the journal with another offset. A member that has it
// already received it twice; one that has not sees another order than the others do.
func (r *Room) otherOffset(m *Member, e Entry, at int) {
	kind := report.Repeated
	if _, missed := r.missed[m.ID][e.ID()]; missed {
		kind = report.Disagree
		delete(r.missed[m.ID], e.ID())
	} else if i := int(m.next); at >= i {
		kind = report.Disagree
		r.missUntil(m, at)
		m.next = uint32(at) + 1
	}
	r.Violate(m, kind, e, fmt.Sprintf("%v came with offset %d and with %d", e.ID(), r.journal.Entries[at].Offset, e.Offset))
}

// repeated handles a message before the member's position.
func (r *Room) repeated(m *Member, e Entry) {
	if _, missed := r.missed[m.ID][e.ID()]; missed {
		delete(r.missed[m.ID], e.ID())
		r.Violate(m, report.Reordered, e, fmt.Sprintf("%v came after a later one", e.ID()))
		return
	}
	r.Violate(m, report.Repeated, e, fmt.Sprintf("%v came again", e.ID()))
}

// insert writes a new message into the journal: where its offset belongs, or without offsets at
// the member's position.
func (r *Room) insert(m *Member, e Entry) {
	if !r.Limits.MayKeep() {
		return
	}
	at := int(m.next)
	if e.Offset > 0 {
		at = r.journal.after(e.Offset)
	}
	r.advance(m, e, at)
	atEnd := at == len(r.journal.Entries)
	r.add(e, at)
	if atEnd {
		return // no member can be past it
	}
	for other := range r.Members {
		if other != m && int(other.next) > at {
			r.miss(other, e)
			other.next++
		}
	}
}

// advance moves the member past its message, which is about to be inserted at index at.
func (r *Room) advance(m *Member, e Entry, at int) {
	switch i := int(m.next); {
	case at < i:
		r.Violate(m, report.Reordered, e, fmt.Sprintf("%v came after offset %d", e.ID(), r.journal.Entries[i-1].Offset))
		m.next++
	default:
		r.missUntil(m, at)
		m.next = uint32(at) + 1
	}
	if r.last[e.Sender] > e.Number && e.Offset == 0 {
		r.Violate(m, report.Reordered, e, fmt.Sprintf("%v came after number %d of the same sender", e.ID(), r.last[e.Sender]))
	}
}

// missUntil notes all entries from the member's position up to index to.
func (r *Room) missUntil(m *Member, to int) {
	for _, e := range r.journal.Entries[m.next:to] {
		r.miss(m, e)
	}
}

// miss notes a message that a member did not receive in its place.
func (r *Room) miss(m *Member, e Entry) {
	if m.Gone && !m.Resumable || m.unplaced && r.unordered == nil {
		return
	}
	if !r.Limits.MayMiss() {
		return
	}
	if r.missed == nil {
		r.missed = map[uint32]map[ID]Entry{}
	}
	if r.missed[m.ID] == nil {
		r.missed[m.ID] = map[ID]Entry{}
	}
	r.missed[m.ID][e.ID()] = e
}

// Violate writes down a violation that concerns a member.
func (r *Room) Violate(m *Member, kind report.Kind, e Entry, text string) {
	r.Violations.Add(report.Violation{Kind: kind, Room: r.Name, Offset: e.Offset, Client: ClientName(m.ID), Text: text})
}

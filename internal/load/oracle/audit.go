package oracle

import (
	"fmt"

	"github.com/throngd/throng/internal/load/report"
)

// HasAll reports whether a member has everything that the others have, and those have at least
// want messages: the number that the server has accepted.
func (r *Room) HasAll(m *Member, want int64) bool {
	if r.unordered != nil {
		return r.unordered.count(m) >= want
	}
	n := len(r.journal.Entries)
	return int64(n) >= want && int(m.next) >= n
}

// ReportMissed reports as lost what a member did not receive in its place or later.
func (r *Room) ReportMissed(m *Member) {
	for _, e := range r.missed[m.ID] {
		r.lost(m, e)
	}
}

// ReportOutstanding reports as lost what follows the member's position: others received it. Last
// is the result of Room.Last.
func (r *Room) ReportOutstanding(m *Member, last map[uint32]uint32) {
	if r.unordered != nil {
		r.unordered.outstanding(m, last, func(e Entry) { r.lost(m, e) })
	}
	for _, e := range r.journal.Entries[min(int(m.next), len(r.journal.Entries)):] {
		r.lost(m, e)
	}
}

func (r *Room) lost(m *Member, e Entry) {
	r.Violate(m, report.Lost, e, fmt.Sprintf("%v did not come, others got it", e.ID()))
}

// MarkAttended notes that a member was there until the end, so that the loop must have received
// everything that other loops have.
func (r *Room) MarkAttended() { r.journal.Attended = true }

// Journal is the loop's part of the evidence.
func (r *Room) Journal() LoopJournal {
	j := r.journal
	j.Last = r.Last()
	return j
}

package load

import (
	"fmt"
	"slices"

	"github.com/throngd/throng/internal/load/report"
)

// judge compares, room by room, what all loops saw with what was acknowledged and with the
// history. What only clients of one loop are needed for was judged in journal.go already.
func (r *run) judge() {
	if r.o.Protocol == Echo {
		return
	}
	split := map[int]bool{}
	for _, s := range r.segments {
		split[s.room] = s.split
	}
	for _, e := range r.gather() {
		if split[e.Room] {
			r.evidence = append(r.evidence, e)
			continue
		}
		judgeRoom(r.report, e, r.o.Protocol == Rooms, r.interrupted())
	}
}

// judgement is the comparison of one room.
type judgement struct {
	evidence
	report *report.Report
	order  []entry // of all that is known to be in the room
	place  map[id]int
}

func judgeRoom(rep *report.Report, e evidence, noOrder, early bool) {
	j := &judgement{evidence: e, report: rep, place: map[id]int{}}
	if noOrder {
		if !early {
			j.checkUnordered()
		}
		rep.Skip("history, and one order for everybody", "the protocol rooms has neither offsets nor acknowledgements")
		return
	}
	j.settleOrder()
	j.checkSenders()
	for k := range j.Journals {
		j.checkJournal(k)
	}
	if early {
		rep.Skip("that everything acknowledged was kept", "the run ended early")
		return
	}
	j.checkHistory()
	j.checkAcknowledged()
}

func (j *judgement) fault(kind report.Kind, e entry, client, text string) {
	j.report.Violations.Add(report.Violation{Kind: kind, Room: j.Name, Offset: e.offset, Client: client, Text: text})
}

// settleOrder makes one order of all journals and the history: that of the offsets, or where
// there are none that of the longest journal.
func (j *judgement) settleOrder() {
	slices.SortStableFunc(j.Journals, func(a, b testimony) int { return len(b.Entries) - len(a.Entries) })
	sources := make([][]entry, 0, len(j.Journals)+1)
	for _, t := range j.Journals {
		sources = append(sources, t.Entries)
	}
	for n, entries := range append(sources, j.History) {
		for _, e := range entries {
			j.admit(e, n == len(sources))
		}
	}
	if len(j.order) > 0 && j.order[0].offset > 0 {
		slices.SortFunc(j.order, func(a, b entry) int { return cmpOffset(a.offset, b.offset) })
	}
	for i, e := range j.order {
		j.place[e.id()] = i
	}
}

func cmpOffset(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (j *judgement) admit(e entry, inHistory bool) {
	at, known := j.place[e.id()]
	if !known {
		j.place[e.id()] = len(j.order)
		j.order = append(j.order, e)
		return
	}
	if other := j.order[at]; other.offset != e.offset {
		kind, where := report.Disagree, "two loops got it with different offsets"
		if inHistory {
			kind, where = report.Doubled, "the history has it with another offset"
		}
		j.fault(kind, e, "", fmt.Sprintf("%v: %s, %d and %d", e.id(), where, other.offset, e.offset))
	}
}

// checkSenders: everything was sent, and each sender's messages stand in the order of their
// numbers; no offset has two messages.
func (j *judgement) checkSenders() {
	last := map[uint32]uint32{}
	for i, e := range j.order {
		if acks, known := j.Voices[e.sender]; !known || int(e.number) > len(acks) || e.number == 0 {
			j.fault(report.Invented, e, clientName(e.sender), fmt.Sprintf("%v was never sent", e.id()))
			continue
		}
		if e.number < last[e.sender] && e.offset > 0 {
			j.fault(report.Reordered, e, clientName(e.sender), fmt.Sprintf("%v stands behind number %d of the same sender", e.id(), last[e.sender]))
		}
		last[e.sender] = max(last[e.sender], e.number)
		if i > 0 && e.offset > 0 && j.order[i-1].offset == e.offset {
			j.fault(report.Disagree, e, "", fmt.Sprintf("%v and %v have the same offset", j.order[i-1].id(), e.id()))
		}
	}
}

// checkJournal: a loop has everything that the others have, and in the same order.
func (j *judgement) checkJournal(k int) {
	t := &j.Journals[k]
	who := "everybody on one loop"
	has := make(map[id]bool, len(t.Entries))
	before := -1
	for _, e := range t.Entries {
		has[e.id()] = true
		if at := j.place[e.id()]; at < before {
			j.fault(report.Disagree, e, who, fmt.Sprintf("%v stands elsewhere in the order of others", e.id()))
		} else {
			before = at
		}
	}
	if !t.Attended {
		j.missing(j.order[:before+1], t, has, who)
		return
	}
	j.missing(j.order, t, has, who)
}

func (j *judgement) missing(must []entry, t *testimony, has map[id]bool, who string) {
	for _, e := range must {
		if !has[e.id()] && (e.offset == 0 || e.offset > t.From) {
			j.fault(report.Lost, e, who, fmt.Sprintf("%v did not come, others got it", e.id()))
		}
	}
}

// checkHistory: what was delivered is in it, as far back as it goes, and nothing twice.
func (j *judgement) checkHistory() {
	if !j.Read {
		if j.Unread != "" {
			j.report.Skip("the history of some rooms", j.Unread)
		}
		return
	}
	seen := map[id]bool{}
	for i, e := range j.History {
		if seen[e.id()] {
			j.fault(report.Doubled, e, "", fmt.Sprintf("%v is in the history twice", e.id()))
		}
		seen[e.id()] = true
		if i > 0 && e.offset <= j.History[i-1].offset && e != j.History[i-1] {
			j.fault(report.Disagree, e, "", fmt.Sprintf("the history has offset %d behind %d", e.offset, j.History[i-1].offset))
		}
	}
	oldest := j.oldest()
	for _, e := range j.order {
		if e.offset >= oldest && e.offset > 0 && !seen[e.id()] {
			j.fault(report.NotKept, e, "", fmt.Sprintf("%v was delivered and is not in the history", e.id()))
		}
	}
}

// oldest is from which offset on the history can still hold what was sent.
func (j *judgement) oldest() uint64 {
	if len(j.order) == 0 || len(j.History) > 0 && j.History[0] == j.order[0] {
		return 0
	}
	why := "its history has room for fewer messages"
	if len(j.History) == 0 {
		j.report.Skip("that acknowledged messages are kept, in some rooms", why)
		return j.order[len(j.order)-1].offset + 1
	}
	j.report.Skip("that acknowledged messages are kept, as to the oldest of some rooms", why)
	return j.History[0].offset
}

// checkAcknowledged: what the server has confirmed was delivered or is in the history, at the
// offset that it said.
func (j *judgement) checkAcknowledged() {
	from := j.from()
	for sender, acks := range j.Voices {
		for i, a := range acks {
			if !a.is(acked) {
				continue
			}
			m := id{sender, uint32(i + 1)}
			at, there := j.place[m]
			switch {
			case !there && (a.offset() == 0 || a.offset() > from):
				j.fault(report.NotKept, entry{a.offset(), m.sender, m.number}, clientName(sender),
					fmt.Sprintf("%v was acknowledged, and neither came to anybody nor is in the history", m))
			case there && a.offset() != 0 && j.order[at].offset != 0 && a.offset() != j.order[at].offset:
				j.fault(report.Disagree, j.order[at], clientName(sender), fmt.Sprintf("%v was acknowledged with offset %d", m, a.offset()))
			}
		}
	}
}

// from is up to where nobody was there to get anything.
func (j *judgement) from() uint64 {
	if len(j.Journals) == 0 {
		return 0
	}
	from := j.Journals[0].From
	for _, t := range j.Journals {
		from = min(from, t.From)
	}
	return from
}

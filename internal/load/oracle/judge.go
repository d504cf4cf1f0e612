package oracle

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/throngd/throng/internal/load/report"
)

// Options say how the evidence of a room is judged.
type Options struct {
	Unordered bool // the server has neither offsets nor acknowledgements
	Early     bool // the run ended before everything could be delivered
}

// Judge compares the journals of all loops with each other, with the acknowledgements and with the
// history, and adds the violations to the report. What concerns the members of one loop only has
// been found by Room already.
func Judge(rep *report.Report, e Evidence, o Options) {
	j := &judgement{Evidence: e, report: rep, index: map[ID]int{}}
	if o.Unordered {
		if !o.Early {
			j.checkUnordered()
		}
		rep.Skip("the history, and that all clients get messages in one order", "the protocol rooms has neither offsets nor acknowledgements")
		return
	}
	j.buildOrder()
	j.checkSenders()
	for k := range j.Journals {
		j.checkJournal(k)
	}
	if o.Early {
		rep.Skip("that everything acknowledged was kept", "the run ended early")
		return
	}
	j.checkHistory()
	j.checkAcknowledged()
}

// judgement is the comparison for one room.
type judgement struct {
	Evidence
	report *report.Report
	order  []Entry // all messages that are known to be in the room
	index  map[ID]int
}

// wholeLoop is the client's name of a violation that concerns all members on a loop.
const wholeLoop = "everybody on one loop"

func (j *judgement) violate(kind report.Kind, e Entry, client, text string) {
	j.report.Violations.Add(report.Violation{Kind: kind, Room: j.Name, Offset: e.Offset, Client: client, Text: text})
}

// buildOrder makes one order of all journals and the history: that of the offsets, or without
// offsets that of the longest journal.
func (j *judgement) buildOrder() {
	slices.SortStableFunc(j.Journals, func(a, b LoopJournal) int { return len(b.Entries) - len(a.Entries) })
	for _, journal := range j.Journals {
		for _, e := range journal.Entries {
			j.addToOrder(e, false)
		}
	}
	for _, e := range j.History {
		j.addToOrder(e, true)
	}
	if len(j.order) > 0 && j.order[0].Offset > 0 {
		slices.SortFunc(j.order, func(a, b Entry) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	for i, e := range j.order {
		j.index[e.ID()] = i
	}
}

func (j *judgement) addToOrder(e Entry, inHistory bool) {
	at, known := j.index[e.ID()]
	if !known {
		j.index[e.ID()] = len(j.order)
		j.order = append(j.order, e)
		return
	}
	if other := j.order[at]; other.Offset != e.Offset {
		kind, where := report.Disagree, "two loops got it with different offsets"
		if inHistory {
			kind, where = report.Doubled, "the history has it with another offset"
		}
		j.violate(kind, e, "", fmt.Sprintf("%v: %s, %d and %d", e.ID(), where, other.Offset, e.Offset))
	}
}

// checkSenders checks that every message was sent, that the messages of each sender stand in the
// order of their numbers, and that no two messages have one offset.
func (j *judgement) checkSenders() {
	last := map[uint32]uint32{}
	for i, e := range j.order {
		if acks, known := j.Acks[e.Sender]; !known || int(e.Number) > len(acks) || e.Number == 0 {
			j.violate(report.Invented, e, ClientName(e.Sender), fmt.Sprintf("%v was never sent", e.ID()))
			continue
		}
		if e.Number < last[e.Sender] && e.Offset > 0 {
			j.violate(report.Reordered, e, ClientName(e.Sender), fmt.Sprintf("%v stands behind number %d of the same sender", e.ID(), last[e.Sender]))
		}
		last[e.Sender] = max(last[e.Sender], e.Number)
		if i > 0 && e.Offset > 0 && j.order[i-1].Offset == e.Offset {
			j.violate(report.Disagree, e, "", fmt.Sprintf("%v and %v have the same offset", j.order[i-1].ID(), e.ID()))
		}
	}
}

// checkJournal checks that a loop received everything that others did, and in the same order.
func (j *judgement) checkJournal(k int) {
	t := &j.Journals[k]
	received := make(map[ID]bool, len(t.Entries))
	before := -1
	for _, e := range t.Entries {
		received[e.ID()] = true
		if at := j.index[e.ID()]; at < before {
			j.violate(report.Disagree, e, wholeLoop, fmt.Sprintf("%v stands elsewhere in the order of others", e.ID()))
		} else {
			before = at
		}
	}
	expected := j.order
	if !t.Attended { // no member was on the loop to receive the later messages
		expected = j.order[:before+1]
	}
	for _, e := range expected {
		if !received[e.ID()] && (e.Offset == 0 || e.Offset > t.From) {
			j.violate(report.Lost, e, wholeLoop, fmt.Sprintf("%v did not come, others got it", e.ID()))
		}
	}
}

// checkHistory checks that what was delivered is in the history, as far back as that goes, and
// that nothing is there twice.
func (j *judgement) checkHistory() {
	if !j.Read {
		if j.Unread != "" {
			j.report.Skip("the history of some rooms", j.Unread)
		}
		return
	}
	seen := map[ID]bool{}
	for i, e := range j.History {
		if seen[e.ID()] {
			j.violate(report.Doubled, e, "", fmt.Sprintf("%v is in the history twice", e.ID()))
		}
		seen[e.ID()] = true
		if i > 0 && e.Offset <= j.History[i-1].Offset && e != j.History[i-1] {
			j.violate(report.Disagree, e, "", fmt.Sprintf("the history has offset %d behind %d", e.Offset, j.History[i-1].Offset))
		}
	}
	oldest := j.oldestKept()
	for _, e := range j.order {
		if e.Offset >= oldest && e.Offset > 0 && !seen[e.ID()] {
			j.violate(report.NotKept, e, "", fmt.Sprintf("%v was delivered and is not in the history", e.ID()))
		}
	}
}

// oldestKept is the lowest offset that the history must contain: a history of bounded size has
// dropped what is older than its first entry.
func (j *judgement) oldestKept() uint64 {
	if len(j.order) == 0 || len(j.History) > 0 && j.History[0] == j.order[0] {
		return 0
	}
	const why = "its history has room for fewer messages"
	if len(j.History) == 0 {
		j.report.Skip("that acknowledged messages are kept, in some rooms", why)
		return j.order[len(j.order)-1].Offset + 1
	}
	j.report.Skip("that acknowledged messages are kept, as to the oldest of some rooms", why)
	return j.History[0].Offset
}

// checkAcknowledged checks that what the server acknowledged was delivered or is in the history,
// at the offset that the acknowledgement named.
func (j *judgement) checkAcknowledged() {
	from := j.firstAttended()
	for sender, acks := range j.Acks {
		for i, a := range acks {
			if !a.Is(Acked) {
				continue
			}
			m := ID{sender, uint32(i + 1)}
			at, there := j.index[m]
			switch {
			case !there && (a.Offset() == 0 || a.Offset() > from):
				j.violate(report.NotKept, Entry{a.Offset(), m.Sender, m.Number}, ClientName(sender),
					fmt.Sprintf("%v was acknowledged, and neither came to anybody nor is in the history", m))
			case there && a.Offset() != 0 && j.order[at].Offset != 0 && a.Offset() != j.order[at].Offset:
				j.violate(report.Disagree, j.order[at], ClientName(sender), fmt.Sprintf("%v was acknowledged with offset %d", m, a.Offset()))
			}
		}
	}
}

// firstAttended is the offset up to which no member was in the room.
func (j *judgement) firstAttended() uint64 {
	if len(j.Journals) == 0 {
		return 0
	}
	from := j.Journals[0].From
	for _, t := range j.Journals {
		from = min(from, t.From)
	}
	return from
}

package load

import (
	"fmt"

	"github.com/throngd/throng/internal/load/report"
)

// A server with rooms in its URLs and no offsets promises less: two members may get the messages
// of two senders in different orders (netpoll's own broadcast example has one order for each
// loop). What remains is that the messages of each sender come in order, each once, all of them:
// four bytes for each pair of member and sender.

// unordered is that oracle for one room on one loop.
type unordered struct {
	slot  map[uint32]int // of a sender
	heard []uint32       // by member, then slot: the number of the last message
}

// maxGap bounds the messages of one sender that can be lost in a row: a higher number is made up.
const maxGap = 1 << 20

// begin makes place for the senders of the whole room.
func (u *unordered) begin(k *room, senders int) {
	u.slot = map[uint32]int{}
	for id := k.first; id < k.first+k.size; id++ {
		if k.speaks(id, senders) {
			u.slot[uint32(id)] = len(u.slot)
		}
	}
	u.heard = make([]uint32, len(u.slot)*len(k.members))
}

// of is what a member has heard, by slot.
func (u *unordered) of(k *room, cl *client) []uint32 {
	i := int(cl.id) - k.from
	return u.heard[i*len(u.slot) : (i+1)*len(u.slot)]
}

// hear is deliver without an order of the room.
func (r *room) hear(cl *client, m entry) {
	slot, known := r.unordered.slot[m.sender]
	if !known {
		r.fault(cl, report.Invented, m, fmt.Sprintf("%v does not send in this room", m.id()))
		return
	}
	last := &r.unordered.of(r, cl)[slot]
	if m.number > *last+maxGap {
		r.fault(cl, report.Invented, m, fmt.Sprintf("%v came after number %d of the same sender", m.id(), *last))
		return
	}
	if m.number <= *last {
		r.again(cl, m)
		return
	}
	for n := *last + 1; n < m.number && !cl.w.run.over(); n++ {
		r.miss(cl, entry{0, m.sender, n})
	}
	*last = m.number
}

// heardMost is the last message of each sender that anybody on this loop has got.
func (r *room) heardMost() map[uint32]uint32 {
	most := map[uint32]uint32{}
	for i := range r.members {
		heard := r.unordered.of(r, &r.members[i])
		for id, slot := range r.unordered.slot {
			most[id] = max(most[id], heard[slot])
		}
	}
	return most
}

// auditUnordered finds what a member did not get of what others on the loop did.
func (r *room) auditUnordered(cl *client, most map[uint32]uint32) {
	heard := r.unordered.of(r, cl)
	for id, slot := range r.unordered.slot {
		for n := heard[slot] + 1; n <= most[id]; n++ {
			e := entry{0, id, n}
			r.fault(cl, report.Lost, e, fmt.Sprintf("%v did not come, others got it", e.id()))
		}
	}
}

// heardAll reports whether a member has as many messages as were sent.
func (r *room) heardAll(cl *client, want int64) bool {
	sum := int64(0)
	for _, n := range r.unordered.of(r, cl) {
		sum += int64(n)
	}
	return sum >= want
}

// checkUnordered compares what came to each loop with what was sent.
func (j *judgement) checkUnordered() {
	for _, t := range j.Journals {
		if !t.Attended {
			continue
		}
		for sender, acks := range j.Voices {
			for n := t.Heard[sender] + 1; n <= uint32(len(acks)); n++ {
				e := entry{0, sender, n}
				j.fault(report.Lost, e, "everybody on one loop", fmt.Sprintf("%v was sent and did not come", e.id()))
			}
			if t.Heard[sender] > uint32(len(acks)) {
				j.fault(report.Invented, entry{0, sender, t.Heard[sender]}, "", fmt.Sprintf("message %d of c%d was never sent", t.Heard[sender], sender))
			}
		}
	}
}

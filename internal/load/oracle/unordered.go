package oracle

import (
	"fmt"

	"github.com/throngd/throng/internal/load/report"
)

// unordered is the check for servers whose rooms have no offsets. Two members may receive the
// messages of two senders in different orders (in netpoll's broadcast example each loop has an
// order of its own). What remains is that the messages of each sender arrive in order, each once,
// and all of them: four bytes for each pair of member and sender.
type unordered struct {
	first uint32         // ID of the first member
	slot  map[uint32]int // by sender
	last  []uint32       // the number of the last message, by member and then by slot
}

// maxGap bounds how many messages of one sender can be lost in a row. A message whose number is
// further ahead is made up.
const maxGap = 1 << 20

// Unordered prepares the room for a server without offsets. The members on this loop are numbered
// from first; senders are those of the whole room.
func (r *Room) Unordered(first uint32, members int, senders []uint32) {
	u := &unordered{first: first, slot: map[uint32]int{}}
	for _, id := range senders {
		u.slot[id] = len(u.slot)
	}
	u.last = make([]uint32, len(u.slot)*members)
	r.unordered = u
}

// of is the last message of each sender that a member received, by slot.
func (u *unordered) of(m *Member) []uint32 {
	i := int(m.ID - u.first)
	return u.last[i*len(u.slot) : (i+1)*len(u.slot)]
}

func (r *Room) deliverUnordered(m *Member, e Entry) {
	slot, known := r.unordered.slot[e.Sender]
	if !known {
		r.Violate(m, report.Invented, e, fmt.Sprintf("%v does not send in this room", e.ID()))
		return
	}
	last := &r.unordered.of(m)[slot]
	if e.Number > *last+maxGap {
		r.Violate(m, report.Invented, e, fmt.Sprintf("%v came after number %d of the same sender", e.ID(), *last))
		return
	}
	if e.Number <= *last {
		r.repeated(m, e)
		return
	}
	for n := *last + 1; n < e.Number && !r.Limits.Over(); n++ {
		r.miss(m, Entry{0, e.Sender, n})
	}
	*last = e.Number
}

// Last is, by sender, the number of the last message that any member on this loop received. It is
// empty for a room with an order.
func (r *Room) Last() map[uint32]uint32 {
	last := map[uint32]uint32{}
	if r.unordered == nil {
		return last
	}
	for m := range r.Members {
		received := r.unordered.of(m)
		for id, slot := range r.unordered.slot {
			last[id] = max(last[id], received[slot])
		}
	}
	return last
}

// outstanding calls f for each message that others on the loop received and the member did not.
func (u *unordered) outstanding(m *Member, last map[uint32]uint32, f func(Entry)) {
	received := u.of(m)
	for id, slot := range u.slot {
		for n := received[slot] + 1; n <= last[id]; n++ {
			f(Entry{0, id, n})
		}
	}
}

// count is the number of messages that the member received.
func (u *unordered) count(m *Member) (n int64) {
	for _, last := range u.of(m) {
		n += int64(last)
	}
	return n
}

// checkUnordered compares the messages that each loop received with those that were sent.
func (j *judgement) checkUnordered() {
	for _, t := range j.Journals {
		if !t.Attended {
			continue
		}
		for sender, acks := range j.Acks {
			for n := t.Last[sender] + 1; n <= uint32(len(acks)); n++ {
				e := Entry{0, sender, n}
				j.violate(report.Lost, e, wholeLoop, fmt.Sprintf("%v was sent and did not come", e.ID()))
			}
			if t.Last[sender] > uint32(len(acks)) {
				e := Entry{0, sender, t.Last[sender]}
				j.violate(report.Invented, e, "", fmt.Sprintf("%v was never sent", e.ID()))
			}
		}
	}
}

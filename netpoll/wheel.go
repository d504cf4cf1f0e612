//go:build !windows

package netpoll

// wheel is a loop's timer: one entry per connection, checked lazily. Activity only stores a
// time in the connection; when its entry comes up, the connection says when it is really due.
// An entry is the descriptor and no more: whose it is now, and whether its tick is the one
// that counts, is for who looks at it to check.
//
// The clock is the number of ticks the loop has processed, not the time of day: a loop that
// was held up does not believe that everybody else was silent meanwhile.
type wheel struct {
	now   uint32 // ticks processed
	slots [wheelSlots][]int32
	spare []int32 // the array of the slot walked last, to be used again
}

const wheelSlots = 64

// schedule makes c's deadline due at tick at, or earlier. An entry that was overtaken by an
// earlier one, or outlived its connection, is recognised when it comes up, because its tick
// is not c.timer.
func (w *wheel) schedule(c *Conn, at uint32) {
	at = max(at, w.now+1)
	at = min(at, w.now+wheelSlots-1)
	if c.timer > w.now && c.timer <= at {
		return
	}
	c.timer = at
	w.slots[at%wheelSlots] = append(w.slots[at%wheelSlots], c.fd)
}

// advance moves the clock by one tick and returns the descriptors that come up. The slice is
// valid until the next call.
func (w *wheel) advance() []int32 {
	w.now++
	i := w.now % wheelSlots
	due := w.slots[i]
	w.slots[i] = w.spare[:0]
	if w.spare = due; cap(due) > 4*len(due)+64 {
		w.spare = nil
	}
	return due
}

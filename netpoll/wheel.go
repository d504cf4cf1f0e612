//go:build !windows

package netpoll

import "iter"

// wheel is the timer of a loop: one entry per connection, checked lazily. Activity only stores a tick in the
// connection; when its entry expires, the connection is asked when it is really due. An entry is only a descriptor: it
// is up to the caller to check which connection has the descriptor now, and whether the tick is still the right one.
//
// The clock is the number of ticks that the loop has handled, not the time of day: a loop that was held up does not
// conclude that its peers were silent meanwhile.
type wheel struct {
	now   uint32 // ticks processed
	slots [wheelSlots]*page
	spare *page // free pages
	kept  int   // number of free pages
}

// page holds some entries of a slot. A slice that grows would leave half of its memory unused, or garbage; the entries
// of a million connections are 4 MB.
type page struct {
	next *page
	n    int
	fds  [pageSize]int32
}

const (
	wheelSlots = 64
	pageSize   = 124 // entries: a page is 512 bytes
	sparePages = 256
)

// schedule makes the entry of c expire at tick at, or earlier. An entry that was overtaken by an earlier one, or that
// outlived its connection, is recognised when it expires, because its tick is not c.timer.
func (w *wheel) schedule(c *Conn, at uint32) {
	at = max(at, w.now+1)
	at = min(at, w.now+wheelSlots-1)
	if c.timer > w.now && c.timer <= at {
		return
	}
	c.timer = at
	p := w.slots[at%wheelSlots]
	if p == nil || p.n == pageSize {
		p = w.newPage(p)
		w.slots[at%wheelSlots] = p
	}
	p.fds[p.n] = c.fd
	p.n++
}

// newPage returns an empty page in front of next.
func (w *wheel) newPage(next *page) *page {
	p := w.spare
	if p == nil {
		return &page{next: next}
	}
	w.spare, w.kept = p.next, w.kept-1
	p.next, p.n = next, 0
	return p
}

// advance moves the clock by one tick and yields the descriptors whose entries expire, in no order. The caller may
// schedule others meanwhile.
func (w *wheel) advance() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		w.now++
		p := w.slots[w.now%wheelSlots]
		w.slots[w.now%wheelSlots] = nil
		for p != nil {
			for _, fd := range p.fds[:p.n] {
				if !yield(fd) {
					return
				}
			}
			next := p.next
			w.recycle(p)
			p = next
		}
	}
}

func (w *wheel) recycle(p *page) {
	if w.kept < sparePages {
		p.next, w.spare = w.spare, p
		w.kept++
	}
}

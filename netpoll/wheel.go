//go:build !windows

package netpoll

import "iter"

// wheel is a loop's timer: one entry per connection, checked lazily. Activity only stores a
// time in the connection; when its entry comes up, the connection says when it is really due.
// An entry is the descriptor and no more: whose it is now, and whether its tick is the one
// that counts, is for who looks at it to check.
//
// The clock is the number of ticks the loop has processed, not the time of day: a loop that
// was held up does not believe that everybody else was silent meanwhile.
type wheel struct {
	now   uint32 // ticks processed
	slots [wheelSlots]*page
	spare *page // to be used again
	kept  int   // pages in spare
}

// page is some of a slot's entries. Pages neither leave half of their memory unused nor garbage behind as they get
// more, as slices that grow do: the entries of a million connections are 4 MB.
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
	p := w.slots[at%wheelSlots]
	if p == nil || p.n == pageSize {
		p = w.newPage(p)
		w.slots[at%wheelSlots] = p
	}
	p.fds[p.n] = c.fd
	p.n++
}

// fresh returns an empty page in front of next.
func (w *wheel) newPage(next *page) *page {
	p := w.spare
	if p == nil {
		return &page{next: next}
	}
	w.spare, w.kept = p.next, w.kept-1
	p.next, p.n = next, 0
	return p
}

// advance moves the clock by one tick and yields the descriptors that come up, in no order. Meanwhile others may be
// scheduled.
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

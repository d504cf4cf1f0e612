//go:build !windows

package netpoll

import (
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A walk hands what is pending in a topic to the members it has at that moment: laid out once,
// one send for each. It runs in slices, so that the loop polls in between; who joins or
// publishes meanwhile belongs to the next walk.

const (
	defaultSliceSends = 1024
	sliceTime         = 5 * time.Millisecond
	sendsCheck        = 64 // sends between two looks at the clock

	layoutKept  = 1 << 20 // bytes: the largest scratch of a loop that is kept for the next walk
	pendingKept = 1 << 10 // messages: the same of a topic
)

type walk struct {
	active   bool
	private  bool // the bytes stay valid for ever: a slow member may refer to them
	bytes    [numForms][]byte
	runs     [numForms]*sharedRun // of bytes, once a slow member refers to them
	messages int                  // laid out in bytes
	posted   time.Duration        // when the oldest of them was posted
	drops    int                  // messages in it that a slow member may miss
	kept     []*Buffer            // the others, if there are both
	missed   int                  // messages that were dropped since they were last counted
	stage    int                  // the list being countSent
	pos      int                  // the next index in it
	end      [numLists]int
}

// reached reports whether the member at index i of list has been served, or is not part of
// the walk.
func (w *walk) reached(list, i int) bool {
	return i >= w.end[list] || list < w.stage || list == w.stage && i < w.pos
}

// keep moves the laid out bytes into memory that nobody will write to again.
func (w *walk) keep() {
	if !w.private {
		w.private = true
		for i := range w.bytes {
			w.bytes[i] = slices.Clone(w.bytes[i])
		}
	}
}

// shared returns the laid out bytes for members that do not take them at once.
func (w *walk) shared(l *Loop, form form) *sharedRun {
	w.keep()
	if w.runs[form] == nil {
		w.runs[form] = &sharedRun{loop: l, bytes: w.bytes[form]}
	}
	return w.runs[form]
}

// budget is what is left of a turn's share for walking.
type budget struct {
	sends int
	start time.Time
}

func (b *budget) spend() (left bool) {
	b.sends--
	return b.sends > 0 && (b.sends%sendsCheck != 0 || time.Since(b.start) < sliceTime)
}

// Publish sends b to every member of topic on every loop, c's own included. Members of one
// loop all see the same order. It is cheaper than Server.Publish: c's own loop needs no mail.
func (c *Conn) Publish(topic string, b *Buffer) {
	l := c.loop
	l.queued.Add(int64(b.Len()))
	l.publish(topic, b, l.server.clock())
	l.wake()
	l.server.publish(topic, b, l)
}

// publish notes b for the topic's next walk.
func (l *Loop) publish(name string, b *Buffer, posted time.Duration) {
	t := l.topics[name]
	if t == nil {
		l.queued.Add(-int64(b.Len()))
		return
	}
	if len(t.pending) == 0 {
		t.posted = posted
	}
	t.pending = append(t.pending, b)
	t.bytes += int64(b.Len())
	if !t.queued {
		t.queued = true
		l.walks = append(l.walks, t)
	}
}

// walkTopics walks one slice and reports whether something is left for the next turn.
func (l *Loop) walkTopics() bool {
	if len(l.walks) == 0 {
		return false
	}
	left := budget{sends: l.server.sliceSends, start: time.Now()}
	done, waiting := 0, 0
	for done < len(l.walks) {
		t := l.walks[done]
		done++
		if !t.walk.active {
			if l.lingers(t) {
				l.walks[waiting] = t
				waiting++
				continue
			}
			l.begin(t)
		}
		before := left.sends
		finished := l.step(t, &left)
		l.counters.countSent(&t.walk, before-left.sends)
		if !finished {
			t.walk.keep()                // the scratch is needed by others
			l.walks = append(l.walks, t) // the others have their turn first
			break
		}
		l.finishWalk(t)
		if left.sends <= 0 {
			break
		}
	}
	l.walks = slices.Delete(l.walks, waiting, done)
	if waiting > 0 && waiting == done {
		runtime.Gosched() // to producers that have no processor besides the loop's
	}
	return len(l.walks) > 0
}

// begin lays out what is pending and notes who gets it.
func (l *Loop) begin(t *topic) {
	l.queued.Add(-t.bytes)
	fresh := t.admit()
	for i := range t.lists {
		t.lists[i].tidy()
		t.walk.end[i] = len(t.lists[i].fds)
	}
	l.layOut(t)
	t.walk.active, t.walk.stage, t.walk.pos = true, 0, 0
	t.walk.messages, t.walk.posted = len(t.pending), t.posted
	l.board(t)
	l.admitLate(t, fresh) // after that: this walk does not come by for those
	clear(t.pending)
	if t.pending, t.bytes = t.pending[:0], 0; cap(t.pending) > pendingKept {
		t.pending = nil
	}
}

// admit moves the fresh members that get all that is pending into the lists, and returns the
// others.
func (t *topic) admit() []fresh {
	late := t.fresh[:0]
	for _, f := range t.fresh {
		if f.from > 0 {
			late = append(late, f)
		} else {
			t.enlist(f)
		}
	}
	t.fresh = nil
	return late
}

func (t *topic) enlist(f fresh) { t.lists[t.loop.connAt(f.fd).list()].add(int(f.fd)) }

// admitLate gives those who joined in between their part, and lists them behind the walk's end.
func (l *Loop) admitLate(t *topic, late []fresh) {
	for _, f := range late {
		t.enlist(f)
		c := l.connAt(f.fd)
		for _, b := range t.pending[f.from:] {
			l.give(t, c, b)
		}
		l.flush(c) // who owes must not stay in a fast list
	}
}

// layOut puts the frames of all pending messages behind one another. A single message is
// used as it is.
func (l *Loop) layOut(t *topic) {
	w := &t.walk
	w.private = len(t.pending) == 1
	w.sort(t.pending)
	for f := range numForms {
		if f != formPlain && t.wants[f] == 0 {
			continue
		}
		if w.private {
			w.bytes[f] = l.encoded(t.pending[0], f)
			continue
		}
		b := slices.Grow(l.layout[f][:0], int(t.bytes))
		for _, m := range t.pending {
			b = append(b, l.encoded(m, f)...)
		}
		w.bytes[f] = b
		if l.layout[f] = b; cap(b) > layoutKept {
			l.layout[f] = nil // a burst is over with its walk
		}
	}
}

// step goes on with a walk; false means that the budget is used up.
func (l *Loop) step(t *topic, left *budget) bool {
	w := &t.walk
	for ; w.stage < numLists; w.stage, w.pos = w.stage+1, 0 {
		going, sent := true, 0
		for w.pos < w.end[w.stage] && going {
			fd := t.lists[w.stage].fds[w.pos]
			w.pos++
			if fd < 0 {
				continue
			}
			if w.stage == listSlow {
				l.enqueue(t, l.connAt(fd))
			} else if !l.riding.take(fd) || !l.ride(w, l.connAt(fd)) {
				sent += l.hand(w, fd)
			}
			going = left.spend()
		}
		l.counters.bytesOut.Add(int64(sent))
		if w.pos < w.end[w.stage] {
			return false
		}
	}
	return true
}

// hand serves a fast member and returns the bytes that left if that is all of them.
func (l *Loop) hand(w *walk, fd int32) int {
	n, err := send(int(fd), w.bytes[w.stage])
	if n < len(w.bytes[w.stage]) {
		l.unsent(w, l.connAt(fd), n, err)
		return 0
	}
	return n
}

// enqueue serves a member that has, or had, a backlog.
func (l *Loop) enqueue(t *topic, c *Conn) {
	if c.phase != phaseOpen || c.has(flagDead) || l.drop(t, c) {
		return
	}
	if o := l.outboxFor(c); o != nil {
		o.addShared(t.walk.shared(l, c.form()))
		l.markDirty(c)
	}
}

// unsent serves a fast member that did not take everything: it owes from here on. A failed
// send only marks; the list that is being countSent keeps its places.
func (l *Loop) unsent(w *walk, c *Conn, n int, err error) {
	if err != nil && err != unix.EAGAIN && err != unix.EINTR {
		c.fail(err.Error())
		return
	}
	o := l.ensureOutbox(c) // empty, so the chunk is a whole number of frames of which n bytes have left
	o.addShared(w.shared(l, c.form()))
	o.sent(n)
	l.counters.bytesOut.Add(int64(n))
	l.startBacklog(c)
}

// finishWalk lets the members that have drained meanwhile back into the fast lists.
func (l *Loop) finishWalk(t *topic) {
	l.counters.transmit.Observe(l.server.clock() - t.walk.posted)
	t.walk = walk{}
	slow := &t.lists[listSlow]
	for i := 0; i < len(slow.fds); i++ {
		if fd := slow.fds[i]; fd >= 0 && l.connAt(fd).has(flagSlow) && l.connAt(fd).out == nil {
			l.promote(l.connAt(fd))
		}
	}
	if len(t.pending) > 0 {
		l.walks = append(l.walks, t)
		return
	}
	t.queued = false
	for _, f := range t.fresh {
		t.enlist(f)
	}
	t.fresh = nil
	if t.empty() {
		remove(&l.topics, &l.most, t.name)
	}
}

//go:build !windows

package netpoll

import (
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A broadcast sends the pending messages of a topic to the members that the topic has at that moment. The messages are
// laid out once; each member costs one send. A broadcast runs in slices, so that the loop polls in between. Members
// that join and messages that are published meanwhile belong to the next broadcast.

const (
	defaultSliceSends = 1024
	sliceTime         = 5 * time.Millisecond
	sendsCheck        = 64 // sends between two looks at the clock

	scratchKept = 1 << 20 // bytes: the largest scratch of a loop that is kept for the next broadcast
	pendingKept = 1 << 10 // messages: the largest topic.pending that is kept
)

type broadcast struct {
	active    bool
	private   bool // bytes is not written to any more: a slow member may refer to it
	bytes     [numForms][]byte
	runs      [numForms]*sharedRun // of bytes, once a slow member refers to them
	messages  int                  // laid out in bytes
	posted    time.Duration        // when the oldest of them was posted
	droppable int                  // messages in it that a slow member may miss
	kept      []*Buffer            // the messages that it must get, if there are both kinds
	dropped   int                  // messages that were dropped since the last count
	list      int                  // the list that is being served
	pos       int                  // the next index in it
	end       [numLists]int
}

// passed reports whether the broadcast has served the member at index i of list, or does not include it.
func (bc *broadcast) passed(list, i int) bool {
	return i >= bc.end[list] || list < bc.list || list == bc.list && i < bc.pos
}

// makePrivate copies the bytes out of the scratch.
func (bc *broadcast) makePrivate() {
	if !bc.private {
		bc.private = true
		for i := range bc.bytes {
			bc.bytes[i] = slices.Clone(bc.bytes[i])
		}
	}
}

// sharedRun returns the bytes of a form for members that do not take them at once.
func (bc *broadcast) sharedRun(l *Loop, form form) *sharedRun {
	bc.makePrivate()
	if bc.runs[form] == nil {
		bc.runs[form] = &sharedRun{loop: l, bytes: bc.bytes[form]}
	}
	return bc.runs[form]
}

// budget is the rest of a turn's slice of sends.
type budget struct {
	sends int
	start time.Time
}

// spend counts one send and reports whether another one is left.
func (b *budget) spend() (left bool) {
	b.sends--
	return b.sends > 0 && (b.sends%sendsCheck != 0 || time.Since(b.start) < sliceTime)
}

// Publish sends b to every member of topic on every loop, including c. The members of one
// loop all see the same order. It is cheaper than [Server.Publish], since c's own loop needs no mail.
func (c *Conn) Publish(topic string, b *Buffer) {
	l := c.loop
	l.queued.Add(int64(b.Len()))
	l.fanout.publish(topic, b, l.engine.clock())
	l.wake()
	l.engine.publish(topic, b, l)
}

// publish adds b to the topic's next broadcast.
func (f *fanout) publish(name string, b *Buffer, posted time.Duration) {
	t := f.topics[name]
	if t == nil {
		f.loop.queued.Add(-int64(b.Len()))
		return
	}
	if len(t.pending) == 0 {
		t.posted = posted
	}
	t.pending = append(t.pending, b)
	t.bytes += int64(b.Len())
	if !t.queued {
		t.queued = true
		f.queue = append(f.queue, t)
	}
}

// step sends one slice of the broadcasts and reports whether something is left for the next turn.
func (f *fanout) step() bool {
	if len(f.queue) == 0 {
		return false
	}
	left := budget{sends: f.loop.engine.sliceSends, start: time.Now()}
	done, waiting := 0, 0
	for done < len(f.queue) {
		t := f.queue[done]
		done++
		if !t.current.active {
			if f.delayed(t) {
				f.queue[waiting] = t
				waiting++
				continue
			}
			f.start(t)
		}
		before := left.sends
		finished := f.sendSlice(t, &left)
		f.loop.counters.countSent(&t.current, before-left.sends)
		if !finished {
			t.current.makePrivate()      // the next topic needs the scratch
			f.queue = append(f.queue, t) // the others have their turn first
			break
		}
		f.finish(t)
		if left.sends <= 0 {
			break
		}
	}
	f.queue = slices.Delete(f.queue, waiting, done)
	if waiting > 0 && waiting == done {
		runtime.Gosched() // to producers that have no processor besides the loop's
	}
	return len(f.queue) > 0
}

// start lays out the pending messages and fixes the members that get them.
func (f *fanout) start(t *topic) {
	f.loop.queued.Add(-t.bytes)
	late := f.listJoiners(t)
	for i := range t.lists {
		t.lists[i].tidy()
		t.current.end[i] = len(t.lists[i].fds)
	}
	f.layOut(t)
	t.current.active, t.current.list, t.current.pos = true, 0, 0
	t.current.messages, t.current.posted = len(t.pending), t.posted
	f.queueReplies(t)
	f.listLate(t, late) // behind the ends: this broadcast does not include them
	clear(t.pending)
	if t.pending, t.bytes = t.pending[:0], 0; cap(t.pending) > pendingKept {
		t.pending = nil
	}
}

// listJoiners adds the joiners that get all that is pending to the lists, and returns the others.
func (f *fanout) listJoiners(t *topic) (late []joiner) {
	late = t.joiners[:0]
	for _, j := range t.joiners {
		if j.from > 0 {
			late = append(late, j)
		} else {
			f.enlist(t, j)
		}
	}
	t.joiners = nil
	return late
}

func (f *fanout) enlist(t *topic, j joiner) { t.lists[f.loop.connAt(j.fd).list()].add(int(j.fd)) }

// listLate gives each of the late joiners its part of the pending messages, and adds it to a list.
func (f *fanout) listLate(t *topic, late []joiner) {
	for _, j := range late {
		f.enlist(t, j)
		c := f.loop.connAt(j.fd)
		for _, b := range t.pending[j.from:] {
			f.queueMessage(t, c, b)
		}
		f.loop.flush(c) // a member with queued bytes must not stay in a fast list
	}
}

// layOut puts the frames of all pending messages one after another, in every form that a member wants. A single message is
// used as it is.
func (f *fanout) layOut(t *topic) {
	bc := &t.current
	bc.private = len(t.pending) == 1
	bc.separateDroppable(t.pending)
	for form := range numForms {
		if form != formPlain && t.wants[form] == 0 {
			continue
		}
		if bc.private {
			bc.bytes[form] = f.encoded(t.pending[0], form)
			continue
		}
		b := slices.Grow(f.scratch[form][:0], int(t.bytes))
		for _, m := range t.pending {
			b = append(b, f.encoded(m, form)...)
		}
		bc.bytes[form] = b
		if f.scratch[form] = b; cap(b) > scratchKept {
			f.scratch[form] = nil // the memory of a burst is freed with its broadcast
		}
	}
}

// sendSlice goes on with a broadcast; false means that the budget is used up.
func (f *fanout) sendSlice(t *topic, left *budget) bool {
	bc := &t.current
	for ; bc.list < numLists; bc.list, bc.pos = bc.list+1, 0 {
		going, sent := true, 0
		for bc.pos < bc.end[bc.list] && going {
			fd := t.lists[bc.list].fds[bc.pos]
			bc.pos++
			if fd < 0 {
				continue
			}
			if bc.list == listSlow {
				f.queueBroadcast(t, f.loop.connAt(fd))
			} else if !f.replyDue.take(fd) || !f.sendWithReply(bc, f.loop.connAt(fd)) {
				sent += f.send(bc, fd)
			}
			going = left.spend()
		}
		f.loop.counters.bytesOut.Add(int64(sent))
		if bc.pos < bc.end[bc.list] {
			return false
		}
	}
	return true
}

// send serves a fast member. It returns the number of bytes if all of them left, otherwise 0.
func (f *fanout) send(bc *broadcast, fd int32) int {
	n, err := send(int(fd), bc.bytes[bc.list])
	if n < len(bc.bytes[bc.list]) {
		f.keepUnsent(bc, f.loop.connAt(fd), n, err)
		return 0
	}
	return n
}

// keepUnsent gives a fast member that did not take everything a backlog. A failed send only marks the connection: the list
// that is being served must not change.
func (f *fanout) keepUnsent(bc *broadcast, c *Conn, n int, err error) {
	if err != nil && err != unix.EAGAIN && err != unix.EINTR {
		c.fail(err)
		return
	}
	l := f.loop
	o := l.ensureOutbox(c) // empty, so the chunk is a whole number of frames of which n bytes have left
	o.addShared(bc.sharedRun(l, c.form()))
	o.sent(n)
	l.counters.bytesOut.Add(int64(n))
	l.startBacklog(c)
}

// queueBroadcast serves a member of the slow list.
func (f *fanout) queueBroadcast(t *topic, c *Conn) {
	if !c.live() || f.skipDroppable(t, c) {
		return
	}
	if o := f.loop.outboxFor(c); o != nil {
		o.addShared(t.current.sharedRun(f.loop, c.form()))
		f.loop.markDirty(c)
	}
}

// finish lets the members that have drained meanwhile back into the fast lists, and queues the topic again if it has
// something pending.
func (f *fanout) finish(t *topic) {
	f.loop.counters.transmit.Observe(f.loop.engine.clock() - t.current.posted)
	t.current = broadcast{}
	slow := &t.lists[listSlow]
	for i := 0; i < len(slow.fds); i++ {
		if fd := slow.fds[i]; fd >= 0 && f.loop.connAt(fd).has(flagSlow) && f.loop.connAt(fd).out == nil {
			f.promote(f.loop.connAt(fd))
		}
	}
	if len(t.pending) > 0 {
		f.queue = append(f.queue, t)
		return
	}
	t.queued = false
	for _, j := range t.joiners {
		f.enlist(t, j)
	}
	t.joiners = nil
	f.freeIfEmpty(t)
}

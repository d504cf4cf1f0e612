//go:build !windows

package netpoll

import (
	"fmt"

	"github.com/throngd/throng/frame"
)

// fanout is the part of a loop that hands published messages to the members of topics. The other parts of the loop
// report changes of a connection to it (subscribe, unsubscribe, closing, closed, behind, drained) and call step once
// per turn of the mailbox; publish and sendWithNext add work.
//
// A message waits in its topic (topic.pending) until the topic's next broadcast. A broadcast lays out everything that is
// pending once and sends it to each member with one system call (broadcast.go).
type fanout struct {
	loop     *Loop
	topics   map[string]*topic
	peak     peak                     // of topics
	queue    []*topic                 // have something pending or a broadcast that is not over, in order
	replyDue fdBits                   // members with a piggybacked reply that may be unsent, see piggyback.go
	scratch  [numForms][]byte         // broadcasts are laid out here
	deflater [numForms]frame.Deflater // see forms.go
}

func (f *fanout) init(l *Loop) error {
	level := l.engine.compressLevel
	if level < 0 || level > 9 {
		return fmt.Errorf("netpoll: CompressLevel is %d, not 1 to 9", level)
	}
	f.loop, f.topics = l, make(map[string]*topic)
	f.deflater[formDeflated].Level = level
	f.deflater[formNarrow].Window = narrowWindow
	return nil
}

// Subscribe makes c a member of topic: it gets every message published after it. It reports
// false if c is a member already, is closing, or was dialed: what a client sends is masked for
// each peer, so it has no topics.
func (c *Conn) Subscribe(name string) bool {
	if !c.live() || c.loop.engine.client {
		return false
	}
	return c.loop.fanout.subscribe(c, name)
}

// Unsubscribe ends the membership; c still gets the messages that were published before. It reports false if c is no
// member.
func (c *Conn) Unsubscribe(name string) bool { return c.loop.fanout.unsubscribe(c, name) }

func (f *fanout) subscribe(c *Conn, name string) bool {
	t := f.topics[name]
	if t == nil {
		t = &topic{name: name}
		f.topics[name] = t
	}
	if c.memberOf(t) {
		return false
	}
	c.addTopic(t)
	t.wants[c.form()]++
	if t.queued {
		t.joiners = append(t.joiners, joiner{c.fd, len(t.pending)})
	} else {
		t.lists[c.list()].add(int(c.fd))
	}
	return true
}

func (f *fanout) unsubscribe(c *Conn, name string) bool {
	t := f.topics[name]
	if t == nil || !c.memberOf(t) {
		return false
	}
	f.queuePending(t, c)
	f.notifyDropped(c, t)
	f.remove(t, c)
	c.removeTopic(t)
	return true
}

// closing queues for c everything that its topics have published so far: it precedes the close frame.
func (f *fanout) closing(c *Conn) {
	c.eachTopic(func(t *topic) { f.queuePending(t, c) })
}

// closed ends all memberships of c, which gets nothing more.
func (f *fanout) closed(c *Conn) {
	c.eachTopic(func(t *topic) { f.remove(t, c) })
	c.topic, c.topics = nil, nil
}

// behind moves c, which has a backlog, to the slow list of all its topics. The bytes that a broadcast in progress has
// not sent to it are queued behind the backlog.
func (f *fanout) behind(c *Conn) {
	if !c.fast() {
		return // is in the slow lists already
	}
	c.eachTopic(func(t *topic) {
		if t.joinerIndex(c) >= 0 {
			return
		}
		f.queueUnsent(t, c)
		t.unlist(c)
		t.lists[listSlow].add(int(c.fd))
	})
	c.set(flagSlow)
}

// drained reports the messages that c missed to the application, and moves c, whose outbox is empty, back to the fast
// lists. It returns false if the application has queued something meanwhile: c is not drained then.
func (f *fanout) drained(c *Conn) bool {
	if c.has(flagDrops) && c.open() {
		c.clear(flagDrops)
		f.notifyDropped(c, nil)
		if c.out != nil {
			return false
		}
	}
	if c.has(flagSlow) {
		f.promote(c)
	}
	return true
}

// promote moves c back to the fast lists, unless one of its topics has a broadcast in progress: the end of that broadcast
// tries again.
func (f *fanout) promote(c *Conn) {
	busy := false
	c.eachTopic(func(t *topic) { busy = busy || t.current.active })
	if busy {
		return
	}
	c.eachTopic(func(t *topic) {
		if t.joinerIndex(c) < 0 {
			t.unlist(c)
		}
	})
	c.clear(flagSlow)
	c.eachTopic(func(t *topic) {
		if t.joinerIndex(c) < 0 {
			t.lists[c.list()].add(int(c.fd))
		}
	})
}

// queuePending queues for c, which is about to leave t, the published messages of t that were not sent to it.
func (f *fanout) queuePending(t *topic, c *Conn) {
	t.sendReplies(c)
	from := 0
	if i := t.joinerIndex(c); i >= 0 {
		from = t.joiners[i].from
	} else {
		f.queueUnsent(t, c)
	}
	for _, b := range t.pending[from:] {
		f.queueMessage(t, c, b)
	}
}

// queueUnsent queues for c the bytes of the broadcast in progress that were not sent to it yet.
func (f *fanout) queueUnsent(t *topic, c *Conn) {
	if !t.current.active {
		return
	}
	list := c.list()
	if i := t.lists[list].find(int(c.fd), true); i >= 0 && !t.current.passed(list, i) {
		f.queueBroadcast(t, c)
	}
}

// remove takes c out of t.
func (f *fanout) remove(t *topic, c *Conn) {
	t.wants[c.form()]--
	if i := t.joinerIndex(c); i >= 0 {
		t.joiners = append(t.joiners[:i], t.joiners[i+1:]...)
	} else {
		t.unlist(c)
	}
	f.freeIfEmpty(t)
}

// freeIfEmpty forgets a topic that has no members, unless it is queued.
func (f *fanout) freeIfEmpty(t *topic) {
	if t.empty() && !t.queued {
		remove(&f.topics, &f.peak, t.name)
	}
}

//go:build !windows

package netpoll

import (
	"slices"
	"time"
)

// topic is what one loop knows of a topic: its members here, and what they have not got yet.
//
// A member stands in exactly one of the lists. The two fast ones are flat arrays of
// descriptors: a broadcast walks them with one shared run of bytes and touches no connection.
// Invariant: a descriptor in a fast list is open, belongs to this loop and owes nothing, but for
// riders (ride.go) between the begin of a walk and its end or the end of the turn.
// Whoever has a backlog stands in the slow list until it is drained.
type topic struct {
	name    string
	loop    *Loop
	lists   [numLists]fdset
	fresh   []fresh       // joined since something was pending: not in a list yet
	pending []*Buffer     // published and not laid out
	bytes   int64         // of pending
	posted  time.Duration // the server's clock when the oldest of pending was posted
	queued  bool          // in loop.walks
	riders  []rider       // answers that leave with the next walk, see ride.go
	wants   [numForms]int // members by the form that they get
	walk    walk
	linger  linger
}

const (
	listPlain   = iota // gets the plain bytes
	listDeflate        // negotiated deflate: gets the deflated bytes
	listSlow           // gets all bytes through its outbox: has, or lately had, a backlog; or is never in a fast list
	numLists
)

// fresh is a member that joined while messages were pending: it gets pending[from:].
type fresh struct {
	fd   int32
	from int
}

func (t *topic) empty() bool { return t.members() == 0 }

// members includes those who are fresh.
func (t *topic) members() int {
	return len(t.fresh) + t.lists[listPlain].len() + t.lists[listDeflate].len() + t.lists[listSlow].len()
}

func (c *Conn) list() int {
	switch {
	case c.has(flagSlow) || !c.fast():
		return listSlow
	case c.dec.Deflate():
		return listDeflate
	}
	return listPlain
}

// fast reports whether c can be in a fast list.
func (c *Conn) fast() bool { return c.tls == nil && !c.has(flagNarrow) }

// Subscribe makes c a member of topic: it gets every message published after it. It reports
// false if c is a member already, is closing, or was dialed: what a client sends is masked for
// each peer, so it has no topics.
func (c *Conn) Subscribe(name string) bool {
	if c.phase != phaseOpen || c.has(flagDead) || c.loop.dials != nil {
		return false
	}
	l := c.loop
	t := l.topics[name]
	if t == nil {
		t = &topic{name: name, loop: l}
		l.topics[name] = t
	}
	if c.memberOf(t) {
		return false
	}
	c.addTopic(t)
	t.wants[c.form()]++
	if t.queued {
		t.fresh = append(t.fresh, fresh{c.fd, len(t.pending)})
	} else {
		t.lists[c.list()].add(int(c.fd))
	}
	return true
}

// Unsubscribe ends the membership; c still gets what was published before. It reports false
// if c is no member.
func (c *Conn) Unsubscribe(name string) bool {
	t := c.loop.topics[name]
	if t == nil || !c.memberOf(t) {
		return false
	}
	c.loop.owe(t, c)
	c.loop.tellDropped(c, t)
	c.loop.leave(t, c)
	c.removeTopic(t)
	return true
}

// owe queues for c, which is about to leave, what t has published and not handed to it.
func (l *Loop) owe(t *topic, c *Conn) {
	l.alight(t, c)
	from := 0
	if i := t.freshIndex(c); i >= 0 {
		from = t.fresh[i].from
	} else {
		l.catchUp(t, c)
	}
	for _, b := range t.pending[from:] {
		l.give(t, c, b)
	}
}

// catchUp queues for c what the walk in progress has not handed to it yet.
func (l *Loop) catchUp(t *topic, c *Conn) {
	if !t.walk.active {
		return
	}
	list := c.list()
	if i := t.lists[list].find(int(c.fd), true); i >= 0 && !t.walk.reached(list, i) {
		l.enqueue(t, c)
	}
}

// leave takes c out of t's lists.
func (l *Loop) leave(t *topic, c *Conn) {
	t.wants[c.form()]--
	if i := t.freshIndex(c); i >= 0 {
		t.fresh = slices.Delete(t.fresh, i, i+1)
	} else {
		t.drop(c)
	}
	if t.empty() && !t.queued {
		remove(&l.topics, &l.most, t.name)
	}
}

func (t *topic) drop(c *Conn) {
	list := &t.lists[c.list()]
	if i := list.find(int(c.fd), t.walk.active); i >= 0 {
		list.kill(i)
	}
}

func (t *topic) freshIndex(c *Conn) int {
	return slices.IndexFunc(t.fresh, func(f fresh) bool { return f.fd == c.fd })
}

// leaveAll is for a connection that ends: it gets nothing more.
func (l *Loop) leaveAll(c *Conn) {
	c.eachTopic(func(t *topic) { l.leave(t, c) })
	c.topic, c.topics = nil, nil
}

// demote moves c, which has a backlog, to the slow list of all its topics. What a walk in
// progress has not handed to it is queued behind the backlog.
func (l *Loop) demote(c *Conn) {
	if !c.fast() {
		return // stands there already
	}
	c.eachTopic(func(t *topic) {
		if t.freshIndex(c) >= 0 {
			return
		}
		l.catchUp(t, c)
		t.drop(c)
		t.lists[listSlow].add(int(c.fd))
	})
	c.set(flagSlow)
}

// promote moves c, which has nothing queued any more, back to the fast lists, unless one of
// its topics is being countSent: the end of that walk tries again.
func (l *Loop) promote(c *Conn) {
	busy := false
	c.eachTopic(func(t *topic) { busy = busy || t.walk.active })
	if busy {
		return
	}
	c.eachTopic(func(t *topic) {
		if t.freshIndex(c) < 0 {
			t.drop(c)
		}
	})
	c.clear(flagSlow)
	c.eachTopic(func(t *topic) {
		if t.freshIndex(c) < 0 {
			t.lists[c.list()].add(int(c.fd))
		}
	})
}

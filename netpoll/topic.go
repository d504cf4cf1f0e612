//go:build !windows

package netpoll

import (
	"slices"
	"time"
)

// topic holds the members of a topic on one loop, and the messages that were published to them and not sent.
//
// A member is in exactly one of the lists. The two fast ones are flat arrays of descriptors: a broadcast sends the same
// bytes to each descriptor and touches no connection. Invariant: a descriptor in a fast list is open, belongs to this
// loop and has no queued bytes, except for piggybacked replies (piggyback.go) from the start of a broadcast to its end
// or the end of the turn. A member with a backlog is in the slow list until the backlog has drained.
type topic struct {
	name    string
	lists   [numLists]fdset
	joiners []joiner      // joined while something was pending: not in a list yet
	pending []*Buffer     // published, and not part of a broadcast yet
	bytes   int64         // of pending
	posted  time.Duration // the server's clock when the oldest of pending was posted
	queued  bool          // in fanout.queue
	replies []reply       // leave with the next broadcast, see piggyback.go
	wants   [numForms]int // members by the form that they get
	current broadcast
	delay   batchDelay
}

const (
	listPlain   = iota // gets the plain bytes
	listDeflate        // negotiated deflate: gets the deflated bytes
	listSlow           // gets all bytes through its outbox: has, or lately had, a backlog; or is never in a fast list
	numLists
)

// joiner is a member that joined while messages were pending: it gets pending[from:].
type joiner struct {
	fd   int32
	from int
}

func (t *topic) empty() bool { return t.members() == 0 }

// members is the number of members, joiners included.
func (t *topic) members() int {
	return len(t.joiners) + t.lists[listPlain].len() + t.lists[listDeflate].len() + t.lists[listSlow].len()
}

// list is the list that c belongs to.
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

// unlist takes c out of its list.
func (t *topic) unlist(c *Conn) {
	list := &t.lists[c.list()]
	if i := list.find(int(c.fd), t.current.active); i >= 0 {
		list.kill(i)
	}
}

// joinerIndex is the index of c in t.joiners, or -1.
func (t *topic) joinerIndex(c *Conn) int {
	return slices.IndexFunc(t.joiners, func(j joiner) bool { return j.fd == c.fd })
}

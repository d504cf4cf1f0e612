//go:build !windows

package netpoll

import "time"

// Whoever answers to a broadcast does so when its last member has it: the messages of a batch are answered one after the
// other, some microseconds apart. A loop that hands the first of these answers to a thousand members at once finds all
// the others waiting afterwards, so its batches are one and fifteen messages in turn, where sixteen would cost no more
// sends. So a walk over many members waits for company, for a small part of what its sends will cost, and while it
// waits the loop reads on. Where that brings nothing, as with one message at a time, it is tried less and less often.

const (
	lingerPerSend = time.Microsecond / 5 // a send costs some microseconds
	lingerMost    = time.Millisecond     // from the first message to the walk, for any number of members
	lingerMembers = 100                  // of smaller topics the walk is over before company could come
	lingerBackoff = 63                   // walks without waiting after one that refreshOldest in vain, at most
)

// linger is what a topic knows of its company.
type linger struct {
	waiting bool
	backoff uint8 // walks to skip after the next wait in vain
	skip    uint8 // walks that do not wait
	seen    int   // messages pending at the last look
	until   time.Duration
	latest  time.Duration
}

// lingers reports whether t's walk is to wait for more messages. The loop has to poll before it asks again.
func (l *Loop) lingers(t *topic) bool {
	g := &t.linger
	if !g.waiting && t.members() < lingerMembers {
		return false
	}
	now, wait := l.server.clock(), time.Duration(t.members())*lingerPerSend
	switch {
	case g.waiting && len(t.pending) > g.seen:
		g.until = min(now+wait, g.latest)
	case g.waiting:
	case g.skip > 0:
		g.skip--
		return false
	default:
		g.waiting, g.until, g.latest = true, now+min(wait, lingerMost), now+lingerMost
	}
	g.seen = len(t.pending)
	if now < g.until {
		return true
	}
	g.end()
	return false
}

// end decides by the number of messages that the walk has how soon to wait again.
func (g *linger) end() {
	if g.seen > 1 {
		g.backoff = 0
	} else {
		g.backoff = min(2*g.backoff+1, lingerBackoff)
	}
	*g = linger{backoff: g.backoff, skip: g.backoff}
}

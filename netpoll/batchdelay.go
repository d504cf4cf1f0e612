//go:build !windows

package netpoll

import "time"

// The batch delay: a broadcast to many members waits up to 1 ms for more messages, and the loop reads on meanwhile.
//
// Clients in a request/response pattern publish when they have received the last message, one after another and some
// microseconds apart. Without a delay the loop would send the first of their messages to a thousand members at once and
// find all others waiting afterwards: batches of one and n-1 in turn, where one batch of n costs half of the sends. The
// delay is a small part of what the sends cost. Where it brings no second message, as with one publisher, it is tried less
// and less often.

const (
	delayPerMember = time.Microsecond / 5 // a send costs some microseconds
	maxDelay       = time.Millisecond     // from the first message to the broadcast, for any number of members
	delayMembers   = 100                  // in smaller topics the broadcast is over before a second message could come
	maxBackoff     = 63                   // broadcasts without a delay after one that brought nothing, at most
)

// batchDelay is the state of a topic's delay.
type batchDelay struct {
	waiting bool
	backoff uint8 // broadcasts to skip after the next delay that brings nothing
	skip    uint8 // broadcasts that do not wait
	seen    int   // messages pending at the last look
	until   time.Duration
	latest  time.Duration
}

// delayed reports whether t's broadcast is to wait for more messages. The loop has to poll before it asks again.
func (f *fanout) delayed(t *topic) bool {
	d := &t.delay
	if !d.waiting && t.members() < delayMembers {
		return false
	}
	now, wait := f.loop.engine.clock(), time.Duration(t.members())*delayPerMember
	switch {
	case d.waiting && len(t.pending) > d.seen:
		d.until = min(now+wait, d.latest)
	case d.waiting:
	case d.skip > 0:
		d.skip--
		return false
	default:
		d.waiting, d.until, d.latest = true, now+min(wait, maxDelay), now+maxDelay
	}
	d.seen = len(t.pending)
	if now < d.until {
		return true
	}
	d.end()
	return false
}

// end decides when to wait again, by the number of messages that the broadcast has.
func (d *batchDelay) end() {
	if d.seen > 1 {
		d.backoff = 0
	} else {
		d.backoff = min(2*d.backoff+1, maxBackoff)
	}
	*d = batchDelay{backoff: d.backoff, skip: d.backoff}
}

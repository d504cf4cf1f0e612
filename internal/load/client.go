package load

import "github.com/throngd/throng/netpoll"

// client is one connection of the crowd, also while it is not there. It belongs to its worker.
type client struct {
	w      *worker
	room   *room  // nil for a client of an echo server
	voice  *voice // nil unless it sends
	plain  *plain // nil unless it misbehaves
	handle netpoll.Handle
	pos    uint64 // place in the room's journal of what must come next
	offset uint64 // in the room: of the last message, or of the answer to subscribe
	began  int64  // when its state began, nanoseconds of the clock
	id     uint32 // in the whole run
	state  state
	flags  clientFlags
}

type state uint8

const (
	away       state = iota
	dialing          // TCP, TLS and the upgrade
	connecting       // waits for the answer to connect
	joining          // waits for the answer to subscribe
	present          // in its room
	leaving          // we have closed
)

type clientFlags uint8

const (
	unplaced   clientFlags = 1 << iota // its place in the journal shows with its first message
	resumable                          // has a position in the room to come back to
	wasPresent                         // has been counted as opened
	mute                               // does not answer the server's pings
	pinged                             // has answered one (worker.unping)
)

func (cl *client) has(f clientFlags) bool { return cl.flags&f != 0 }
func (cl *client) set(f clientFlags)      { cl.flags |= f }
func (cl *client) clear(f clientFlags)    { cl.flags &^= f }

// voice is what a client has said.
type voice struct {
	acks    []ack // by number-1
	pending []pending
	back    uint32 // echo: the last number that came back
}

// ack is what became of a publish.
type ack uint64

const (
	unanswered ack = 0
	acked      ack = 1 << 62 // with the offset, if the server said it
	refused    ack = 1 << 63
	offsetMask     = 1<<62 - 1
)

func (a ack) is(what ack) bool { return a&what != 0 }
func (a ack) offset() uint64   { return uint64(a) & offsetMask }

// pending is a publish without an answer.
type pending struct {
	number uint32
	due    int64
	sent   int64
}

// answered notes the answer to message number, and returns when it was due and sent.
func (v *voice) answered(number uint32, a ack) (p pending, ok bool) {
	if number == 0 || int(number) > len(v.acks) || v.acks[number-1] != unanswered {
		return p, false
	}
	v.acks[number-1] = a
	for i := range v.pending {
		if v.pending[i].number == number {
			p = v.pending[i]
			v.pending = append(v.pending[:i], v.pending[i+1:]...)
			return p, true
		}
	}
	return p, false
}

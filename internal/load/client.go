package load

import (
	"github.com/throngd/throng/internal/load/oracle"
	"github.com/throngd/throng/netpoll"
)

// client is one connection of the run, also while it is not open. It belongs to its worker.
type client struct {
	w      *worker
	room   *room       // nil for a client of an echo server
	sender *sender     // nil unless it sends
	bad    *misbehaver // nil unless it misbehaves
	handle netpoll.Handle
	offset uint64 // in the room: that of the last message, or of the reply to subscribe
	began  int64  // when its state began, nanoseconds of the clock
	oracle.Member
	state state
	flags clientFlags
}

type state uint8

const (
	closed      state = iota
	dialing           // TCP, TLS and the upgrade
	connecting        // waits for the reply to connect
	subscribing       // waits for the reply to subscribe
	present           // in its room
	closing           // the load tester has closed the connection
)

type clientFlags uint8

const (
	attempted clientFlags = 1 << iota // its first opening is over and has been counted
	noPong                            // does not answer the server's pings
	pinged                            // has answered a ping (worker.resetPinged)
)

func (cl *client) has(f clientFlags) bool { return cl.flags&f != 0 }
func (cl *client) set(f clientFlags)      { cl.flags |= f }
func (cl *client) clear(f clientFlags)    { cl.flags &^= f }

// sender is what a client has sent.
type sender struct {
	acks     []oracle.Ack // of message n at index n-1
	pending  []pending
	lastEcho uint32 // echo: the number of the last message that came back
}

// pending is a publish that has not been answered.
type pending struct {
	number uint32
	due    int64
	sent   int64
}

// answered notes the answer to a message, and returns when the message was due and sent. ok is
// false if it has an answer already or was never sent.
func (s *sender) answered(number uint32, a oracle.Ack) (p pending, ok bool) {
	if number == 0 || int(number) > len(s.acks) || s.acks[number-1] != 0 {
		return p, false
	}
	s.acks[number-1] = a
	for i := range s.pending {
		if s.pending[i].number == number {
			p = s.pending[i]
			s.pending = append(s.pending[:i], s.pending[i+1:]...)
			return p, true
		}
	}
	return p, false
}

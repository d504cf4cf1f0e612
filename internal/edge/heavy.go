package edge

import (
	"slices"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// A heavy command is one whose answer may be long: a resume, a history, who is present. A connection has one of them
// at its rooms at a time, and the next goes out when the last answer has left for the kernel. So a thousand history
// commands in one frame cost the memory of one, and a client that resumes in many rooms is not disconnected as slow
// because all that it missed comes at once.
type heavy struct {
	current room.Command // at its room, or answered and not gone on from
	asked   bool         // current is at its room
	waiting []room.Command
}

const (
	lowBacklog  = 16 << 10 // bytes of other replies beside which the next command goes out
	deliverSize = 1 << 20  // bytes of replies in one batch

	// pauseBacklog is the bytes of replies above which a client that does not read them is not read either: the
	// longest answer and a frame full of others.
	pauseBacklog = 192 << 10
)

// submitHeavy hands a heavy command to its room, now or after those before it.
func (s *session) submitHeavy(cmd room.Command) error {
	cmd.Token |= tokenHeavy
	switch {
	case s.heavy == nil:
		return s.startHeavy(cmd)
	case len(s.heavy.waiting) >= s.loop.edge.now().waiting:
		s.loop.counters.waiting.Add(1)
		return protocol.ErrTooManyRequests
	}
	s.heavy.waiting = append(s.heavy.waiting, cmd)
	return nil
}

func (s *session) startHeavy(cmd room.Command) error {
	e := s.loop.edge
	if e.busy(s.loop.index) {
		return protocol.ErrTooManyRequests
	}
	if err := s.submit(cmd); err != nil {
		return err
	}
	if s.heavy == nil {
		s.heavy = &heavy{}
	}
	s.heavy.current, s.heavy.asked = cmd, true
	return nil
}

// answered goes on after an answer.
func answered(c *netpoll.Conn) {
	s := c.Context().(*session)
	if s.heavy != nil {
		s.heavy.asked = false
	}
	s.nextHeavy(c)
}

// drained goes on when answers have left for the kernel.
func drained(c *netpoll.Conn) {
	if s, ok := c.Context().(*session); ok {
		s.nextHeavy(c)
	}
}

// nextHeavy hands the next command to its room. If too much of the answers is still here, drained comes back to it.
func (s *session) nextHeavy(c *netpoll.Conn) {
	if s.heavy == nil || s.heavy.asked || s.state == closing || c.OwnBacklog() > lowBacklog {
		return
	}
	for len(s.heavy.waiting) > 0 {
		cmd := s.heavy.waiting[0]
		s.heavy.waiting = s.heavy.waiting[1:]
		err := s.startHeavy(cmd)
		if err == nil {
			return
		}
		if t := token(cmd.Token); t.page() {
			s.abandon(c, cmd.Room, t)
		} else {
			s.dropJoin(&cmd)
			s.fail(c, t.id(), opName(cmd.Op), err)
		}
	}
	s.heavy = nil
}

// turnPage has the join that was answered with a page of its recovery go on from there, before everything else that
// waits. To the client it has succeeded, so what still goes wrong is told by abandon.
func (s *session) turnPage(name string, t token, at room.Position) {
	if s.heavy == nil || s.ofJoin(name, t) == nil {
		return // it has left
	}
	cmd := s.heavy.current
	cmd.Token = t.nextPage()
	cmd.Since, cmd.RejectUnrecovered = at, true
	s.heavy.waiting = slices.Insert(s.heavy.waiting, 0, cmd)
}

// abandon ends a membership in the middle of its recovery: the SDK subscribes again, with the position that it has
// got to, and recovers from there, or hears that it cannot.
func (s *session) abandon(c *netpoll.Conn, name string, t token) {
	m := s.ofJoin(name, t)
	if m == nil {
		return
	}
	s.remove(m)
	s.loop.counters.insufficient.Add(1)
	s.send(c, jsonwire.AppendUnsubscribe(s.loop.reply, name, protocol.UnsubscribeInsufficientState))
}

// dropJoin removes the membership of a join that was not submitted.
func (s *session) dropJoin(cmd *room.Command) {
	if cmd.Op == room.Join {
		s.refused(cmd.Room, token(cmd.Token))
	}
}

// cancelHeavy takes back the join of a membership that still waits here, and tells its id.
func (s *session) cancelHeavy(m *membership) (id uint32, ok bool) {
	if s.heavy == nil {
		return 0, false
	}
	i := slices.IndexFunc(s.heavy.waiting, func(c room.Command) bool {
		return c.Op == room.Join && token(c.Token).serial() == m.serial
	})
	if i < 0 {
		return 0, false
	}
	id = token(s.heavy.waiting[i].Token).id()
	s.heavy.waiting = slices.Delete(s.heavy.waiting, i, i+1)
	return id, true
}

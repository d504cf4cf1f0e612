package edge

import (
	"slices"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// A heavy command is one whose answer may be long: a join that recovers, a history, a presence. A connection has one of
// them at its rooms at a time, when the event loop admits it (admission.go), and the next one when the last answer has
// left for the kernel. So a thousand history commands in one frame cost the memory of one, and a client that recovers in
// many rooms is not disconnected as slow because all that it missed comes at once.
type heavy struct {
	current room.Command // at its room, or answered and not gone on from
	asked   bool         // current is at its room
	queued  bool         // the first of waiting is to be admitted
	answer  int          // bytes that the answer to current counts for, 0 when it has come
	waiting []room.Command
}

const (
	lowBacklog  = 16 << 10 // bytes of other replies beside which the next command goes out
	deliverSize = 1 << 20  // bytes of replies in one batch

	// pauseBacklog is the bytes of replies above which a client that does not read them is not read either: the
	// longest answer and a frame full of others.
	pauseBacklog = 192 << 10
)

// submitHeavy hands a heavy command to its room, now or when it is admitted behind those before it.
func (s *session) submitHeavy(cmd room.Command) error {
	l := s.loop
	cmd.Token |= tokenHeavy
	waiting := 0
	switch {
	case s.heavy != nil:
		waiting = len(s.heavy.waiting)
	case len(l.admission.queue) == 0 && l.admits():
		return s.startHeavy(cmd)
	}
	if !l.admission.mayWait(waiting, l.edge.now().waiting) {
		l.counters.waiting.Add(1)
		return protocol.ErrTooManyRequests
	}
	first := s.heavy == nil
	if first {
		s.heavy = &heavy{}
	}
	s.wait(len(s.heavy.waiting), cmd)
	if first {
		l.enqueue(s)
	}
	return nil
}

// wait puts a command before number i of those that wait.
func (s *session) wait(i int, cmd room.Command) {
	s.heavy.waiting = slices.Insert(s.heavy.waiting, i, cmd)
	s.loop.admission.waiting += commandSize(&cmd)
}

// unwait takes number i of the commands that wait.
func (s *session) unwait(i int) room.Command {
	cmd := s.heavy.waiting[i]
	s.heavy.waiting = slices.Delete(s.heavy.waiting, i, i+1)
	s.loop.admission.waiting -= commandSize(&cmd)
	return cmd
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
	s.heavy.current, s.heavy.asked, s.heavy.answer = cmd, true, e.now().answerSize(cmd.Op)
	s.loop.admission.answers += s.heavy.answer
	return nil
}

// built notes that the answer has been built, or that nobody waits for it any more.
func (s *session) built() {
	s.loop.admission.answers -= s.heavy.answer
	s.heavy.answer = 0
}

// answered goes on after an answer.
func answered(c *netpoll.Conn) {
	s := c.Context().(*session)
	if s.heavy != nil {
		s.heavy.asked = false
		s.built()
	}
	s.nextHeavy(c)
	s.loop.admit()
}

// drained goes on when answers have left for the kernel.
func drained(c *netpoll.Conn) {
	if s, ok := c.Context().(*session); ok {
		s.nextHeavy(c)
	}
}

// nextHeavy hands the next command to its room, if it is admitted. If too much of the answers is still here, drained
// comes back to it.
func (s *session) nextHeavy(c *netpoll.Conn) {
	h, l := s.heavy, s.loop
	switch {
	case h == nil || h.asked || h.queued || s.state == closing || c.OwnBacklog() > lowBacklog:
	case len(h.waiting) > 0 && (len(l.admission.queue) > 0 || !l.admits()):
		l.enqueue(s)
	default:
		s.startWaiting(c)
	}
}

// startWaiting hands the first of the commands that wait to its room, past those that go wrong.
func (s *session) startWaiting(c *netpoll.Conn) {
	for len(s.heavy.waiting) > 0 {
		cmd := s.unwait(0)
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

// endHeavy forgets the commands of a connection that has been closed.
func (s *session) endHeavy() {
	if s.heavy == nil {
		return
	}
	for i := range s.heavy.waiting {
		s.loop.admission.waiting -= commandSize(&s.heavy.waiting[i])
	}
	s.built()
	s.heavy = nil
	s.loop.admit()
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
	s.wait(0, cmd)
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
	cmd := s.unwait(i)
	return token(cmd.Token).id(), true
}

package edge

import (
	"slices"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// A bulk command is one whose answer may be long: a join that recovers, a history, a presence. A connection has one of
// them at its rooms at a time, when the event loop admits it (admission.go), and the next one when the last answer has
// left for the kernel. So a thousand history commands in one frame cost the memory of one, and a client that recovers in
// many rooms is not disconnected as slow because all that it missed comes at once.
type bulk struct {
	current    room.Command // at its room, or answered and not gone on from
	inFlight   bool         // current is at its room
	queued     bool         // the first of waiting is to be admitted
	answerSize int          // bytes that the answer to current counts for, 0 when it has come
	waiting    []room.Command
}

const (
	lowBacklog  = 16 << 10 // bytes of other replies beside which the next command goes out
	deliverSize = 1 << 20  // bytes of replies in one batch

	// pauseBacklog is the bytes of replies above which a client that does not read them is not read either: the
	// longest answer and a frame full of others.
	pauseBacklog = 192 << 10
)

// submitBulk hands a bulk command to its room, now or when it is admitted behind those before it.
func (s *session) submitBulk(cmd room.Command) error {
	l := s.loop
	cmd.Token |= tokenBulk
	waiting := 0
	switch {
	case s.bulk != nil:
		waiting = len(s.bulk.waiting)
	case len(l.admission.queue) == 0 && l.admits():
		return s.startBulk(cmd)
	}
	if !l.admission.mayWait(waiting, l.edge.settings().waiting) {
		l.counters.waiting.Add(1)
		return protocol.ErrTooManyRequests
	}
	first := s.bulk == nil
	if first {
		s.bulk = &bulk{}
	}
	s.pushWaiting(len(s.bulk.waiting), cmd)
	if first {
		l.queueForAdmission(s)
	}
	return nil
}

// wait puts a command before number i of those that wait.
func (s *session) pushWaiting(i int, cmd room.Command) {
	s.bulk.waiting = slices.Insert(s.bulk.waiting, i, cmd)
	s.loop.admission.waiting += commandSize(&cmd)
}

// takeWaiting takes number i of the commands that wait.
func (s *session) takeWaiting(i int) room.Command {
	cmd := s.bulk.waiting[i]
	s.bulk.waiting = slices.Delete(s.bulk.waiting, i, i+1)
	s.loop.admission.waiting -= commandSize(&cmd)
	return cmd
}

func (s *session) startBulk(cmd room.Command) error {
	e := s.loop.edge
	if e.busy(s.loop.index) {
		return protocol.ErrTooManyRequests
	}
	if err := s.submit(cmd); err != nil {
		return err
	}
	if s.bulk == nil {
		s.bulk = &bulk{}
	}
	s.bulk.current, s.bulk.inFlight, s.bulk.answerSize = cmd, true, e.settings().answerSize(cmd.Op)
	s.loop.admission.answers += s.bulk.answerSize
	return nil
}

// built notes that the answer has been built, or that nobody waits for it any more.
func (s *session) answerBuilt() {
	s.loop.admission.answers -= s.bulk.answerSize
	s.bulk.answerSize = 0
}

// answered goes on after an answer.
func answered(c *netpoll.Conn) {
	s := c.Context().(*session)
	if s.bulk != nil {
		s.bulk.inFlight = false
		s.answerBuilt()
	}
	s.nextBulk(c)
	s.loop.admit()
}

// drained goes on when answers have left for the kernel.
func onDrain(c *netpoll.Conn) {
	if s, ok := c.Context().(*session); ok {
		s.nextBulk(c)
	}
}

// nextBulk hands the next command to its room, if it is admitted. If too much of the answers is still here, drained
// comes back to it.
func (s *session) nextBulk(c *netpoll.Conn) {
	h, l := s.bulk, s.loop
	switch {
	case h == nil || h.inFlight || h.queued || s.state == closing || c.OwnBacklog() > lowBacklog:
	case len(h.waiting) > 0 && (len(l.admission.queue) > 0 || !l.admits()):
		l.queueForAdmission(s)
	default:
		s.startWaiting(c)
	}
}

// startWaiting hands the first of the commands that wait to its room, past those that go wrong.
func (s *session) startWaiting(c *netpoll.Conn) {
	for len(s.bulk.waiting) > 0 {
		cmd := s.takeWaiting(0)
		err := s.startBulk(cmd)
		if err == nil {
			return
		}
		if t := token(cmd.Token); t.page() {
			s.failRecovery(c, cmd.Room, t)
		} else {
			s.undoJoin(&cmd)
			s.fail(c, t.id(), commandName(cmd.Op), err)
		}
	}
	s.bulk = nil
}

// dropBulk forgets the commands of a connection that has been closed.
func (s *session) dropBulk() {
	if s.bulk == nil {
		return
	}
	for i := range s.bulk.waiting {
		s.loop.admission.waiting -= commandSize(&s.bulk.waiting[i])
	}
	s.answerBuilt()
	s.bulk = nil
	s.loop.admit()
}

// turnPage has the join that was answered with a page of its recovery go on from there, before everything else that
// waits. To the client it has succeeded, so what still goes wrong is told by abandon.
func (s *session) requestPage(name string, t token, at room.Position) {
	if s.bulk == nil || s.membershipOf(name, t) == nil {
		return // it has left
	}
	cmd := s.bulk.current
	cmd.Token = t.nextPage()
	cmd.Since, cmd.RejectUnrecovered = at, true
	s.pushWaiting(0, cmd)
}

// abandon ends a membership in the middle of its recovery: the SDK subscribes again, with the position that it has
// got to, and recovers from there, or hears that it cannot.
func (s *session) failRecovery(c *netpoll.Conn, name string, t token) {
	m := s.membershipOf(name, t)
	if m == nil {
		return
	}
	s.remove(m)
	s.loop.counters.insufficient.Add(1)
	s.send(c, jsonwire.AppendUnsubscribe(s.loop.reply, name, protocol.UnsubscribeInsufficientState))
}

// dropJoin removes the membership of a join that was not submitted.
func (s *session) undoJoin(cmd *room.Command) {
	if cmd.Op == room.Join {
		s.removeRefused(cmd.Room, token(cmd.Token))
	}
}

// cancelBulk takes back the join of a membership that still waits here, and tells its id.
func (s *session) cancelBulk(m *membership) (id uint32, ok bool) {
	if s.bulk == nil {
		return 0, false
	}
	i := slices.IndexFunc(s.bulk.waiting, func(c room.Command) bool {
		return c.Op == room.Join && token(c.Token).serial() == m.serial
	})
	if i < 0 {
		return 0, false
	}
	cmd := s.takeWaiting(i)
	return token(cmd.Token).id(), true
}

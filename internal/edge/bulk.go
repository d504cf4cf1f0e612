package edge

import (
	"slices"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// bulk is the queue of a connection's bulk commands: those whose answer may be long, which are a join that recovers, a
// history and a presence. One of them is with its room at a time, once the event loop admits it (admission.go), and the
// next one follows when the kernel has taken most of the last answer. A thousand history commands in one frame so take the
// memory of one answer, and a client that recovers in many rooms is not disconnected as slow.
type bulk struct {
	current    room.Command // the last one that was submitted
	inFlight   bool         // current is not answered yet
	queued     bool         // the connection is in the queue of the loop's admission
	answerSize int          // bytes that current counts for in the loop's admission; 0: it was answered
	waiting    []room.Command
}

const (
	lowBacklog = 16 << 10 // the next bulk command is submitted when fewer bytes of replies are waiting

	// pauseBacklog is the bytes of unread replies above which nothing is read from a client: the longest answer and a
	// frame full of short ones.
	pauseBacklog = 192 << 10
)

// submitBulk submits a bulk command now, or queues it behind the ones before it.
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

// pushWaiting inserts a command at index i of the queue.
func (s *session) pushWaiting(i int, cmd room.Command) {
	s.bulk.waiting = slices.Insert(s.bulk.waiting, i, cmd)
	s.loop.admission.waiting += commandSize(&cmd)
}

// takeWaiting removes the command at index i of the queue.
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

// answerBuilt ends the admission of current: its answer was built, or is no longer wanted.
func (s *session) answerBuilt() {
	s.loop.admission.answers -= s.bulk.answerSize
	s.bulk.answerSize = 0
}

// answered runs behind the reply to a bulk command.
func answered(c *netpoll.Conn) {
	s := c.Context().(*session)
	if s.bulk != nil {
		s.bulk.inFlight = false
		s.answerBuilt()
	}
	s.nextBulk(c)
	s.loop.admit()
}

// onDrain submits the next bulk command when the kernel has taken most of the replies.
func onDrain(c *netpoll.Conn) {
	if s, ok := c.Context().(*session); ok {
		s.nextBulk(c)
	}
}

// nextBulk submits the next command, if it is admitted. While too many bytes of replies are waiting it does nothing:
// onDrain calls it again.
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

// startWaiting submits the first command of the queue. One that is refused is answered, and the next one follows.
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

// dropBulk removes the commands of a connection that has closed.
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

// requestPage submits a join again that was answered with a page of its recovery, from the position behind that page and
// before the other bulk commands. The client has a successful reply, so failRecovery reports later errors.
func (s *session) requestPage(name string, t token, at room.Position) {
	if s.bulk == nil || s.membershipOf(name, t) == nil {
		return // it has left
	}
	cmd := s.bulk.current
	cmd.Token = t.nextPage()
	cmd.Since, cmd.RejectUnrecovered = at, true
	s.pushWaiting(0, cmd)
}

// cancelBulk removes the join of a membership from the queue, and returns the id of its command. ok is false if the join is
// not in the queue.
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

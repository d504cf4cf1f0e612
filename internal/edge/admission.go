package edge

import (
	"time"
	"unsafe"

	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Each event loop admits bulk commands to their rooms, since a thousand of them at once would fill its mailbox with
// answers, for which everybody's publishes would be refused:
//
//   - The answers of the commands that are at their rooms have maxAnswerBytes together.
//   - While the backlogs of all connections take more than three quarters of what they may, no command is admitted: the
//     server closes stalled clients meanwhile, and what they held is free for those that read.
//
// The connections whose next command is not admitted form a queue. The memory of the commands that wait is bounded.

const (
	maxAnswerBytes  = 2 << 20  // bytes of answers that are being built for a loop, beside the last one
	maxWaitingBytes = 16 << 20 // bytes of the commands of a loop that wait

	admitAgain = 50 * time.Millisecond // between two looks at the backlogs while the queue waits for them
)

// admission admits the bulk commands of a loop. Only the loop touches it.
type admission struct {
	answers int              // bytes of answers that are being built, at most
	waiting int              // bytes of commands that wait
	queue   []netpoll.Handle // connections whose next command is to be admitted, in order
	timed   bool             // a timer is about to call admit
}

// admits reports whether one more answer may be built now.
func (l *loop) admits() bool {
	return l.admission.answers < maxAnswerBytes && !l.edge.backlogHigh()
}

// backlogHigh reports whether the backlogs of all connections take so much memory that no more long answers are built.
func (e *Edge) backlogHigh() bool {
	limit := e.server.MaxBacklogMemory
	return limit > 0 && e.server.BacklogMemory() > limit/4*3
}

// mayWait reports whether one more command may wait of a connection that has n of the limit waiting. Beyond half of
// maxWaitingBytes the limit falls with what is free of it, but one command may always wait.
func (a *admission) mayWait(n, limit int) bool {
	free := int64(max(0, maxWaitingBytes-a.waiting))
	return n < max(1, int(min(int64(limit), int64(limit)*2*free/maxWaitingBytes)))
}

// enqueue has the next command of s wait until it is admitted.
func (l *loop) queueForAdmission(s *session) {
	s.bulk.queued = true
	l.admission.queue = append(l.admission.queue, s.conn)
	l.admitLater()
}

// admit has the connections at the head of the queue go on, as many as answers may be built.
func (l *loop) admit() {
	a := &l.admission
	for len(a.queue) > 0 && l.admits() {
		c := l.out.Conn(a.queue[0])
		a.queue = a.queue[1:]
		if c == nil {
			continue
		}
		if s, ok := c.Context().(*session); ok && s.bulk != nil && s.bulk.queued {
			s.bulk.queued = false
			s.startWaiting(c)
		}
	}
	if len(a.queue) == 0 {
		a.queue = nil // a wave of commands must not leave its queue behind
	}
	l.admitLater()
}

// admitLater sets the timer if the queue waits for the backlogs alone. Otherwise the next answer calls admit.
func (l *loop) admitLater() {
	a := &l.admission
	if len(a.queue) == 0 || a.answers > 0 || a.timed {
		return
	}
	a.timed = true
	time.AfterFunc(admitAgain, func() {
		l.out.Do(func() {
			a.timed = false
			l.admit()
		})
	})
}

// answerSize is how long the answer of a bulk command may be.
func (v *settings) answerSize(op room.Op) int {
	switch op {
	case room.Join:
		return v.recoveryBytes
	case room.Presence:
		return v.presenceBytes
	default:
		return v.historyBytes
	}
}

// commandSize is about the memory of a command that waits.
func commandSize(cmd *room.Command) int {
	return int(unsafe.Sizeof(*cmd)) + len(cmd.Room) + len(cmd.Since.Epoch)
}

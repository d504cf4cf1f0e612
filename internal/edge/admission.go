package edge

import (
	"time"
	"unsafe"

	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Each event loop admits bulk commands to their rooms. A thousand of them at once would fill its mailbox with answers, and
// publishes to all rooms with members on the loop would be refused.
//
//   - The answers of the submitted commands are at most maxAnswerBytes together, plus the last one.
//   - While the backlogs of all connections take more than three quarters of their limit, no command is admitted. The
//     server closes stalled clients meanwhile, which frees memory.
//
// Connections whose next command is not admitted form a queue. The memory of the waiting commands is bounded.

const (
	maxAnswerBytes  = 2 << 20  // of answers that are being built for a loop
	maxWaitingBytes = 16 << 20 // of the waiting commands of a loop

	admitAgain = 50 * time.Millisecond // until the backlogs are checked again while the queue waits for them
)

// admission admits the bulk commands of a loop. Only the loop touches it.
type admission struct {
	answers int              // bytes that the answers that are being built may have
	waiting int              // bytes of the waiting commands
	queue   []netpoll.Handle // connections whose next command waits for admission, in order
	timed   bool             // a timer is about to call admit
}

// admits reports whether one more answer may be built now.
func (l *loop) admits() bool {
	return l.admission.answers < maxAnswerBytes && !l.edge.backlogHigh()
}

// backlogHigh reports whether the backlogs of all connections take more than three quarters of their limit.
func (e *Edge) backlogHigh() bool {
	limit := e.server.MaxBacklogMemory
	return limit > 0 && e.server.BacklogMemory() > limit/4*3
}

// mayWait reports whether a connection with n waiting commands may have one more. The limit of a connection falls when more
// than half of maxWaitingBytes is used, but one command may always wait.
func (a *admission) mayWait(n, limit int) bool {
	free := int64(max(0, maxWaitingBytes-a.waiting))
	return n < max(1, int(min(int64(limit), int64(limit)*2*free/maxWaitingBytes)))
}

// queueForAdmission has the next command of s wait until it is admitted.
func (l *loop) queueForAdmission(s *session) {
	s.bulk.queued = true
	l.admission.queue = append(l.admission.queue, s.conn)
	l.admitLater()
}

// admit submits the commands of the connections at the head of the queue, as far as they are admitted.
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
		a.queue = nil // release the memory of a long queue
	}
	l.admitLater()
}

// admitLater starts a timer if the queue waits for backlogs only. Otherwise the next answer calls admit.
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

// answerSize is the most bytes of the answer to a bulk command.
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

// commandSize estimates the memory of a waiting command.
func commandSize(cmd *room.Command) int {
	return int(unsafe.Sizeof(*cmd)) + len(cmd.Room) + len(cmd.Since.Epoch)
}

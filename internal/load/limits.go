package load

import (
	"errors"
	"fmt"

	"github.com/throngd/throng/internal/clierr"
)

// The server under test cannot make the load tester use any amount of memory: what a run keeps for
// each message is bounded by the number of messages that it can have sent.

const (
	maxMissed = 5_000_000 // missed deliveries that one loop keeps, some 100 bytes each
	maxEpoch  = 255       // bytes; those of throng have 8
)

// sendable is an upper bound of the messages of a run: those of the schedule with a margin, and
// one for each room at the end.
func (o *Options) sendable() int { return int(o.messages()*1.2) + 2*o.Rooms + 10_000 }

var errTooManyMessages = errors.New("the server delivers more messages than were ever sent")

// MayKeep reports whether one more message may be kept. A correct server makes a loop keep each
// message at most twice: in a journal and in a history.
func (w *worker) MayKeep() bool {
	if w.kept++; w.kept <= 2*w.run.o.sendable() {
		return true
	}
	w.run.fail(clierr.Errorf("the first of them are in the report", "%w", errTooManyMessages))
	return false
}

// MayMiss reports whether one more missed delivery may be kept.
func (w *worker) MayMiss() bool {
	if w.missed++; w.missed <= maxMissed {
		return true
	}
	w.run.fail(clierr.Errorf("the first of them are in the report; a smaller run says more", "more than %d deliveries are missing", maxMissed))
	return false
}

// Over reports whether the run has ended.
func (w *worker) Over() bool { return w.run.over() }

// malformed ends the run because of a reply that breaks the protocol.
func (w *worker) malformed(format string, args ...any) {
	w.run.fail(w.run.explain(fmt.Errorf("%w: "+format, append([]any{errNotProtocol}, args...)...)))
}

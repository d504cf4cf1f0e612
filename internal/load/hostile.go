package load

import (
	"errors"
	"fmt"

	"github.com/throngd/throng/internal/clierr"
)

// A server is not trusted with the memory of the load tester either: what a run keeps for each
// message is bounded by how many messages it can have sent.

const (
	maxMissed = 5_000_000 // deliveries that one loop remembers as missed, some 100 bytes each
	maxEpoch  = 255       // bytes; those of throng have 8
)

// sendable is more than all messages of a run: by the schedule, one for each room at its end, and some.
func (o *Options) sendable() int { return int(o.messages()*1.2) + 2*o.Rooms + 10_000 }

var errInvents = errors.New("the server delivers more messages than were ever sent")

// keeps reports whether one more message may be kept, of all that this loop has kept: once in a
// journal and once in a history, if the server is honest.
func (w *worker) keeps() bool {
	if w.kept++; w.kept <= 2*w.run.o.sendable() {
		return true
	}
	w.run.fail(clierr.Errorf("the first of them are in the report", "%w", errInvents))
	return false
}

// misses reports whether one more loss may be remembered.
func (w *worker) misses() bool {
	if w.missed++; w.missed <= maxMissed {
		return true
	}
	w.run.fail(clierr.Errorf("the first of them are in the report; a smaller run says more", "more than %d deliveries are missing", maxMissed))
	return false
}

// strange is an answer that no honest server gives.
func (w *worker) strange(format string, args ...any) {
	w.run.fail(w.run.explain(fmt.Errorf("%w: "+format, append([]any{errNotSpoken}, args...)...)))
}

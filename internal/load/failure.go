package load

import (
	"errors"

	"github.com/throngd/throng/internal/clierr"
)

// cause is the kind of event that a run's failure is. Events that concern one connection are
// counted, and the error names their number.
type cause uint8

const (
	wholeRun        cause = iota // it concerns the run as a whole
	refusedOpenings              // a connection could not be opened
	lostConnections              // the server ended a connection
)

// fail ends the run. The first reason stays.
func (r *run) fail(err error) {
	r.failAtEnd(err)
	r.stop()
}

// failAtEnd makes the run a failure and lets it go on.
func (r *run) failAtEnd(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setFailure(wholeRun, err)
}

// setFailure keeps the first reason. The caller holds mu.
func (r *run) setFailure(c cause, err error) {
	if r.failure == nil {
		r.failure, r.cause = err, c
	}
}

// noteRefusal counts an opening that failed, and ends the run when most do.
func (r *run) noteRefusal(err error) {
	r.mu.Lock()
	r.refusals++
	hopeless := r.refusals > 3 && r.refusals > r.report.Asked/10 || r.counts().opened == 0
	r.setFailure(refusedOpenings, err)
	r.mu.Unlock()
	if hopeless {
		r.stop()
	}
}

// noteLoss counts a connection that the server ended.
func (r *run) noteLoss(err *closedError) {
	r.mu.Lock()
	r.losses++
	r.setFailure(lostConnections, r.explain(err))
	r.mu.Unlock()
}

// stopIfAllLost ends a run that has lost clients and has none left but those that stopped reading:
// they cannot notice that the server is gone.
func (r *run) stopIfAllLost() {
	stalled := int64(0)
	for _, w := range r.workers {
		stalled += int64(w.outcomes[stopsReading].all)
	}
	r.mu.Lock()
	c := r.counts()
	all := r.losses > 0 && c.open <= stalled && c.attempted == r.report.Asked
	r.mu.Unlock()
	if all {
		r.stop()
	}
}

// failureError is why the run failed, with the number of connections that it concerns; nil if it
// did not.
func (r *run) failureError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure == nil {
		return nil
	}
	hint := ""
	var e *clierr.Error
	if errors.As(r.failure, &e) {
		hint = e.Hint
	}
	switch {
	case r.cause == refusedOpenings && r.counts().opened > 0:
		return clierr.Errorf(hint, "%d of %d connections could not be opened: %w", r.refusals, r.report.Asked, r.failure)
	case r.cause == lostConnections:
		return clierr.Errorf(hint, "%d of %d connections were lost: %w", r.losses, r.report.Asked, r.failure)
	}
	return r.failure
}

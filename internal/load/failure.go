package load

import (
	"errors"

	"github.com/throngd/throng/internal/clierr"
)

// cause is the kind of event that a run's failure is. Events of one connection are counted, and the failure is told
// with their number.
type cause uint8

const (
	wholeRun        cause = iota // it concerns the run as a whole
	refusedOpenings              // a connection could not be opened
	lostConnections              // the server ended a connection
)

// fail ends the run. The first reason stays.
func (r *run) fail(err error) {
	r.mu.Lock()
	r.setFailure(wholeRun, err)
	r.mu.Unlock()
	r.stop()
}

// setFailure keeps the first reason. The caller holds mu.
func (r *run) setFailure(c cause, err error) {
	if r.failure == nil {
		r.failure, r.cause = err, c
	}
}

// refused counts openings that came to nothing, and gives up when most do.
func (r *run) refused(err error) {
	r.mu.Lock()
	r.refusals++
	hopeless := r.refusals > 3 && r.refusals > r.report.Asked/10 || r.counts().opened == 0
	r.setFailure(refusedOpenings, err)
	r.mu.Unlock()
	if hopeless {
		r.stop()
	}
}

// lost is a connection that the server ended.
func (r *run) lost(err *closedError) {
	r.mu.Lock()
	r.losses++
	r.setFailure(lostConnections, r.explain(err))
	r.mu.Unlock()
}

// verdict is why the run failed, with how many it concerns.
func (r *run) verdict() error {
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

package server

import (
	"context"
	"net/http"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/config"
)

// shutdownCode makes the SDKs reconnect (protocol: 3001 shutdown).
const shutdownCode frame.CloseCode = 3001

const (
	// settleTimeout bounds the wait for the publishes that were accepted before the closes begin. A log that is
	// silent for longer has them answered as unknown.
	settleTimeout = 6 * time.Second
	// closeTimeout bounds the wait for the last closing handshakes, and for what clients that read slowly are owed.
	closeTimeout = 8 * time.Second
)

// drain is how the connections are closed at the end.
type drain struct {
	delay time.Duration // before anything else
	over  time.Duration // the time that the closes take; 0: as long as perSecond takes
	rate  int           // closes a second
}

func drainOf(cfg *config.Config) drain { return drain{cfg.DrainDelay, cfg.Drain, cfg.DrainRate} }

// plan is the time in which n connections are closed, and how many a second that is.
func (d drain) plan(n int) (over time.Duration, perSecond int) {
	if d.over == 0 {
		return time.Duration(n) * time.Second / time.Duration(d.rate), d.rate
	}
	return d.over, int(float64(n)/d.over.Seconds()) + 1
}

// DrainTimes are how long Stop waits before the connections are closed, and how long the closes take with the
// connections that there are now. What Stop does beside that takes no more than 14 s.
func (s *Server) DrainTimes() (delay, over time.Duration) {
	over, _ = s.drain.plan(s.poll.NumConns())
	return s.drain.delay, over
}

// Stop ends the server in an order in which nothing is lost that was acknowledged: for the drain delay everything goes
// on, so that load balancers notice that the server is not ready any more; then nobody new is let in, and publishes
// are refused with a temporary error; when all that were accepted before are on their way to the members, the
// connections are closed one after the other, each behind what it is owed, with a code that makes their clients come
// back elsewhere; and then it waits until they are gone. When ctx ends it closes the rest at once and returns ctx's
// error. Call it once, from another goroutine than Serve's.
func (s *Server) Stop(ctx context.Context) error {
	defer s.poll.Close()
	s.draining.Store(true)
	if err := sleep(ctx, s.drain.delay); err != nil {
		return err
	}
	s.poll.StopAccepting()
	over, perSecond := s.drain.plan(s.poll.NumConns())
	if err := s.stopPublishes(ctx, perSecond); err != nil {
		return err
	}
	if err := s.poll.Drain(ctx, over, shutdownCode, "shutdown"); err != nil {
		return err
	}
	last, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	_ = s.poll.Shutdown(last) // a client that does not answer a close is not waited for
	return ctx.Err()
}

func (s *Server) stopPublishes(ctx context.Context, perSecond int) error {
	settled, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if err := s.edge.StopPublishes(settled, perSecond); err != nil && ctx.Err() == nil {
		s.log.Warn("some publishes are still unanswered; the connections are closed all the same")
	}
	return ctx.Err()
}

// whileServing answers requests with 503 once the server is about to end: load balancers that look at the public port
// send nobody any more, and people get the page from another server.
func (s *Server) whileServing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "this server is about to end", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

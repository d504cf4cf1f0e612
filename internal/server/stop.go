package server

import (
	"context"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/config"
)

// shutdownCode makes the SDKs reconnect (3001 shutdown).
const shutdownCode frame.CloseCode = 3001

const (
	// settleTimeout bounds the wait for accepted publishes before connections are closed. A log that does not answer for
	// longer makes their result unknown.
	settleTimeout = 6 * time.Second
	// closeTimeout bounds the wait for the last closing handshakes, and for the backlogs of slow clients.
	closeTimeout = 8 * time.Second
)

// drain is the configuration of Stop.
type drain struct {
	delay time.Duration // before anything else
	over  time.Duration // the time that the closes take; 0: rate decides
	rate  int           // closes per second
}

func drainOf(cfg *config.Config) drain { return drain{cfg.DrainDelay, cfg.Drain, cfg.DrainRate} }

// plan returns the time in which n connections are closed, and the number per second.
func (d drain) plan(n int) (over time.Duration, perSecond int) {
	if d.over == 0 {
		return time.Duration(n) * time.Second / time.Duration(d.rate), d.rate
	}
	return d.over, int(float64(n)/d.over.Seconds()) + 1
}

// DrainTimes returns how long Stop waits before it closes connections, and how long closing the present connections takes. The
// other steps of Stop take at most 14 s.
func (s *Server) DrainTimes() (delay, over time.Duration) {
	over, _ = s.drain.plan(s.poll.NumConns())
	return s.drain.delay, over
}

// Stop ends the server without losing acknowledged messages:
//
//  1. For the drain delay the server goes on as before, so that load balancers notice that it is no longer ready.
//  2. New connections are refused, and publishes get a temporary error.
//  3. When all accepted publishes have been posted to the event loops, connections are closed one after another, each
//     behind its backlog, with a code that makes the clients reconnect.
//  4. Stop waits for the closing handshakes.
//
// When ctx ends, Stop closes the remaining connections at once and returns the error of ctx. Call it once, not from the
// goroutine of Serve.
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
	_ = s.poll.Shutdown(last) // clients that do not answer the close are cut off
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

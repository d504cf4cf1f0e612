//go:build !windows

package netpoll

import (
	"cmp"
	"context"
	"time"

	"github.com/throngd/throng/frame"
)

// StopAccepting closes the listeners. Any goroutine may call it after Listen.
func (s *Server) StopAccepting() {
	s.stoppedAccepting.Store(true)
	for _, l := range s.engine.loops {
		l.Do(l.closeListener)
	}
}

// Drain closes all connections with code, spread evenly over d, so that they do not all come back elsewhere at once. It
// returns when the last close frame has been queued, or ctx ends. Any goroutine may call it, usually between
// StopAccepting and Shutdown.
func (s *Server) Drain(ctx context.Context, d time.Duration, code frame.CloseCode, reason string) error {
	const step = 50 * time.Millisecond
	steps := max(1, int(d/step))
	t := time.NewTicker(step)
	defer t.Stop()
	for i := range steps {
		s.closeShare(i, steps, code, reason)
		if s.engine.conns.Load() == 0 || i == steps-1 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
	return nil
}

// share returns the step, of n, in which a descriptor is closed. Few connections have low and close numbers, so it uses
// Fibonacci hashing, which spreads neighbours.
func share(fd int32, n int) int { return int(uint64(uint32(fd)*2654435769) * uint64(n) >> 32) }

// closeShare closes the connections whose descriptor belongs to share i of n.
func (s *Server) closeShare(i, n int, code frame.CloseCode, reason string) {
	for _, l := range s.engine.loops {
		l.Do(func() {
			s.engine.slab.each(l, func(c *Conn) {
				if share(c.fd, n) != i {
					return
				}
				if c.opening() && !l.rejectUndecided(c) {
					l.startLinger(c)
				}
				c.Close(code, reason)
			})
		})
	}
}

// Shutdown stops accepting, closes every connection with 1001 (going away), waits until all
// are gone or ctx ends, and then closes the server.
func (s *Server) Shutdown(ctx context.Context) error {
	s.engine.mu.Lock()
	serving := s.engine.state == stateServing
	s.engine.mu.Unlock()
	var err error
	if serving {
		s.StopAccepting()
		s.web.http.SetKeepAlivesEnabled(false) // idle connections close at once
		s.closeShare(0, 1, frame.CloseGoingAway, "server is shutting down")
		err = s.engine.waitEmpty(ctx)
	}
	return cmp.Or(err, s.Close())
}

// Close ends the server at once: the sockets are closed without a closing handshake. OnClose
// is called for every open connection before Serve returns.
func (s *Server) Close() error {
	s.engine.mu.Lock()
	state := s.engine.state
	s.engine.mu.Unlock()
	switch state {
	case stateListening:
		s.engine.stop()
		s.engine.closeLoops()
	case stateServing:
		s.engine.stop()
		s.engine.stopped.Wait()
	}
	return nil
}

package server

import (
	"net"
	"time"
)

// What a service manager gives and asks.

// Inherit makes Listen take this TCP listener over instead of binding an address.
func (s *Server) Inherit(ln net.Listener) { s.poll.Listener = ln }

// Alive reports whether every event loop answers within this time. Any
// goroutine may call it while Serve runs.
func (s *Server) Alive(within time.Duration) bool {
	answers := make(chan struct{}, s.poll.NumLoops())
	for i := range s.poll.NumLoops() {
		s.poll.Loop(i).Do(func() { answers <- struct{}{} })
	}
	late := time.NewTimer(within)
	defer late.Stop()
	for range s.poll.NumLoops() {
		select {
		case <-answers:
		case <-late.C:
			return false
		}
	}
	return true
}

//go:build linux

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	// A send costs some microseconds; lingering for each of them a fifth of one, and never
	// long, is lost in the noise.
	lingerPerSend = time.Microsecond / 5
	lingerMost    = time.Millisecond
	backoffMost   = 63 // flushes
)

// deepen reads on until nothing more comes, so that one send carries as much as can be had.
//
// Whoever answers to a broadcast does so when its last member has it: the messages of a batch
// come one after the other, some microseconds apart. A server that sends the first of them to
// a thousand members at once has all the others waiting meanwhile, so its batches are one and
// fifteen in turn. It pays to wait for the second one for a small part of what the sends
// will cost. Where that brings nothing, with one message in flight, it stops trying. A batch
// that was complete at the first look is no reason to.
func (s *server) deepen() {
	tried := false
	for len(s.dirty) > 0 {
		more := s.poll.Poll()
		if len(more) == 0 && s.hurry == 0 {
			tried = true
			more = s.linger()
		}
		if len(more) == 0 {
			break
		}
		s.turn(more)
	}
	switch {
	case s.laid > 1:
		s.backoff = 0
	case tried:
		s.backoff = min(2*s.backoff+1, backoffMost)
		s.hurry = s.backoff
	case s.hurry > 0:
		s.hurry--
	}
}

// linger polls for as long as the sends that are due allow.
func (s *server) linger() []unix.EpollEvent {
	sends := 0
	for _, r := range s.dirty {
		sends += len(r.fds)
	}
	until := time.Now().Add(min(time.Duration(sends)*lingerPerSend, lingerMost))
	for time.Now().Before(until) {
		if more := s.poll.Poll(); len(more) > 0 {
			return more
		}
	}
	return nil
}

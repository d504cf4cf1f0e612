//go:build linux

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	// A send takes some microseconds. Waiting a fifth of a microsecond per send, and at most
	// a millisecond, makes no measurable difference.
	lingerPerSend = time.Microsecond / 5
	lingerMost    = time.Millisecond
	backoffMost   = 63 // flushes
)

// deepen polls until nothing more arrives, so that one send carries as many messages as possible.
//
// The load generator publishes the next message when the last member has received the one
// before, so the messages of a batch arrive one after another, some microseconds apart. A server
// that sends the first of them to a thousand members at once lets all the others wait, and its
// batches have one and fifteen messages in turn. Therefore deepen waits for the second message,
// for a small part of the time of the sends. If waiting brings nothing, as with one message in
// flight, the next flushes do not wait (backoff). A single message after no waiting changes no backoff.
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

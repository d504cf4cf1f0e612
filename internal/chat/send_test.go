package chat

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/centrifugal/centrifuge-go"
)

// inDoubt is a session with one message in flight, whose SDK is not connected.
func inDoubt(t *testing.T) *session {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	client := centrifuge.NewJsonClient("ws://127.0.0.1:1", centrifuge.Config{})
	t.Cleanup(func() {
		client.Close()
		cancel()
	})
	sub, err := client.NewSubscription("lobby")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{URL: "x", Room: "lobby", source: fromPipe, Getenv: func(string) string { return "" }}
	o.streams()
	s := &session{o: o, ctx: ctx, client: client, calls: make(chan func(), 64), done: make(chan struct{}), times: newTimes(), visit: &visit{room: "lobby", sub: sub, phase: live}}
	s.view = newView(io.Discard, io.Discard, false, false)
	s.out.add("hello")
	if s.out.take() == nil {
		t.Fatal("nothing to send")
	}
	return s
}

// A message in doubt stays first in the queue, and nothing is sent before the missed messages have been read.
func TestMessageInDoubtIsLookedUp(t *testing.T) {
	for _, err := range []error{centrifuge.ErrTimeout, centrifuge.ErrClientDisconnected, io.EOF} {
		s := inDoubt(t)
		s.published(s.out.queue[0].id, err)
		if s.visit.phase != loading || s.out.inFlight || len(s.out.queue) != 1 {
			t.Errorf("%v: phase %d, in flight %v, %d queued", err, s.visit.phase, s.out.inFlight, len(s.out.queue))
		}
	}
}

func TestReplyAfterRoomWasLeftFreesOutbox(t *testing.T) {
	s := inDoubt(t)
	id := s.out.queue[0].id
	s.out.queue = nil
	s.published(id, nil)
	if s.out.inFlight || s.ended {
		t.Error("the outbox waits for an answer that came")
	}
}

func TestBusyServerIsGivenUp(t *testing.T) {
	s := inDoubt(t)
	for n := 0; !s.out.empty(); n++ {
		if n > 20 {
			t.Fatal("it is tried for ever")
		}
		s.out.inFlight, s.out.waiting = false, false
		m := s.out.take()
		s.out.inFlight = false
		s.resolve(m, &centrifuge.Error{Code: 111, Message: "too many requests", Temporary: true})
	}
	var want interface{ Unwrap() error }
	if s.out.refused != 1 || !errors.As(s.out.reason, &want) {
		t.Errorf("refused %d, %v", s.out.refused, s.out.reason)
	}
}

package chat

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/centrifugal/centrifuge-go"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

// session is one chat from coming to leaving. Everything in it belongs to the goroutine of loop. The SDK's callbacks and
// the requests in flight hand it functions by post; the loop itself never waits for the SDK, whose callbacks may be
// waiting for the loop.
type session struct {
	o      Options
	view   *view
	output *output
	screen *screen // nil where nobody types at a prompt
	client *centrifuge.Client
	dialer *dialer
	times  *times

	ctx   context.Context // of requests: ends after the client was closed
	calls chan func()
	gone  chan struct{} // closed when loop has ended

	asking sync.WaitGroup // requests in flight

	visit  *visit
	out    outbox
	seen   seen
	typing typing
	self   string // client id of the present connection
	met    bool   // connected at least once
	lost   bool   // the connection is lost and was announced so
	leaving,
	ended bool
	err error
}

// loop runs until the chat ends and returns why.
func (s *session) loop(ctx context.Context, lines <-chan typed) error {
	defer close(s.gone)
	for !s.ended {
		input := lines
		if s.o.source == fromPipe && s.out.full() {
			input = nil // the pipe waits until the server has caught up
		}
		select {
		case <-ctx.Done():
			s.abort()
		case f := <-s.calls:
			f()
		case l, ok := <-input:
			if !ok {
				lines = nil
			}
			s.input(l, ok)
		}
	}
	return s.err
}

// post hands f to the loop; after the end it is dropped. Any goroutine but the loop's.
func (s *session) post(f func()) {
	select {
	case s.calls <- f:
	case <-s.gone:
	}
}

// after posts f later.
func (s *session) after(d time.Duration, f func()) {
	time.AfterFunc(d, func() { s.post(f) })
}

// input takes one line, or the end of the input.
func (s *session) input(l typed, ok bool) {
	switch {
	case !ok && s.o.source == fromNowhere:
		// nothing was ever to come: listen on
	case !ok:
		s.leave()
	case l.abort:
		s.abort()
	case l.err != nil:
		s.end(clierr.Errorf("", "cannot read the input: %w", l.err))
	case strings.TrimSpace(l.text) == "":
		// nothing to say
	case s.o.source == fromTerminal && strings.HasPrefix(l.text, "//"):
		s.say(l.text[1:])
	case s.o.source == fromTerminal && strings.HasPrefix(l.text, "/"):
		s.obey(l.text)
	default:
		s.say(l.text)
	}
}

// leave ends the chat when everything is acknowledged, or when that takes too long.
func (s *session) leave() {
	if s.leaving {
		return
	}
	s.leaving = true
	s.after(s.o.patience, s.abort)
	s.maybeGone()
}

// maybeGone ends a chat that waits only for acknowledgements, when there are none left to wait for.
func (s *session) maybeGone() {
	if !s.leaving || !s.out.empty() {
		return
	}
	if s.out.refused > 0 && s.o.source == fromPipe {
		s.end(unsent(s.out.refused, "could not be sent", s.out.reason))
		return
	}
	s.end(nil)
}

// abort ends the chat now.
func (s *session) abort() {
	if n := len(s.out.queue); n > 0 {
		s.end(clierr.Errorf("whoever reads the room can tell whether it arrived", "%s not acknowledged by the server", plural(n, "message was", "messages were")))
		return
	}
	s.end(nil)
}

// unsent keeps the hint of the cause.
func unsent(n int, what string, why error) error {
	var e *clierr.Error
	hint := ""
	if errors.As(why, &e) {
		hint = e.Hint
	}
	return clierr.Errorf(hint, "%s %s: %w", plural(n, "message", "messages"), what, why)
}

// end is final; the first reason stands.
func (s *session) end(err error) {
	if !s.ended {
		s.ended, s.err = true, err
	}
}

// unread ends the chat when nobody reads any more, quietly as every filter does. A pipe goes on sending: what it sends
// does not depend on who looks on.
func (s *session) unread(err error) {
	s.view.deaf = true
	switch {
	case s.o.source == fromPipe:
	case errors.Is(err, syscall.EPIPE):
		s.end(nil)
	default:
		s.end(cannotWrite(err))
	}
}

func cannotWrite(err error) error { return clierr.Errorf("", "cannot write: %w", err) }

// flooded ends the chat: the server would send the same message again.
func (s *session) flooded() {
	s.end(clierr.Errorf("--max-message takes longer ones", "the server sent a message of more than %d bytes", s.o.MaxMessage))
}

// prompt shows the room and the state of the connection where a person types.
func (s *session) prompt() {
	if s.screen == nil {
		return
	}
	state := ""
	if s.lost {
		state = " (offline)"
	}
	s.screen.setPrompt(terminal.Name(s.visit.room), state)
}

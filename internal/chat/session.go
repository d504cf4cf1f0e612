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

// session is one run of the chat. Everything in it belongs to the goroutine of loop. The SDK's callbacks and the requests
// in flight send it functions with post. The loop never waits for the SDK, because the SDK's callbacks may be waiting for
// the loop.
type session struct {
	o      Options
	view   *view
	output *output
	screen *screen // nil without a prompt
	client *centrifuge.Client
	dialer *dialer
	times  *times

	ctx   context.Context // of requests; ends after the client was closed
	calls chan func()
	done  chan struct{} // closed when loop has ended

	asking sync.WaitGroup // requests in flight

	visit         *visit
	out           outbox
	seen          seen
	typing        typing
	self          string // client id of the present connection
	everConnected bool   // connected at least once
	lost          bool   // the connection is lost and was announced so
	leaving,
	ended bool
	err error
}

// loop runs until the chat ends, and returns the reason.
func (s *session) loop(ctx context.Context, lines <-chan inputLine) error {
	defer close(s.done)
	for !s.ended {
		input := lines
		if s.o.source == fromPipe && s.out.full() {
			input = nil // the pipe is read on when messages have been acknowledged
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

// post has the loop call f. After the end it does nothing. Any goroutine but the loop's may call it.
func (s *session) post(f func()) {
	select {
	case s.calls <- f:
	case <-s.done:
	}
}

// after posts f after d.
func (s *session) after(d time.Duration, f func()) {
	time.AfterFunc(d, func() { s.post(f) })
}

// input handles one line, or with ok false the end of the input.
func (s *session) input(l inputLine, ok bool) {
	switch {
	case !ok && s.o.source == fromNowhere:
		// there is no input to end
	case !ok:
		s.leave()
	case l.abort:
		s.abort()
	case l.err != nil:
		s.end(clierr.Errorf("", "cannot read the input: %w", l.err))
	case strings.TrimSpace(l.text) == "":
		// blank lines are not sent
	case s.o.source == fromTerminal && strings.HasPrefix(l.text, "//"):
		s.queueMessage(l.text[1:])
	case s.o.source == fromTerminal && strings.HasPrefix(l.text, "/"):
		s.runCommand(l.text)
	default:
		s.queueMessage(l.text)
	}
}

// leave ends the chat when everything is acknowledged, or after the patience.
func (s *session) leave() {
	if s.leaving {
		return
	}
	s.leaving = true
	s.after(s.o.patience, s.abort)
	s.endIfAcknowledged()
}

// endIfAcknowledged ends a chat that is leaving, if all messages are acknowledged.
func (s *session) endIfAcknowledged() {
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
		s.end(clierr.Errorf("the history of the room shows whether it arrived", "%s not acknowledged by the server", plural(n, "message was", "messages were")))
		return
	}
	s.end(nil)
}

// unsent is an error about n messages with the hint of its cause.
func unsent(n int, what string, why error) error {
	var e *clierr.Error
	hint := ""
	if errors.As(why, &e) {
		hint = e.Hint
	}
	return clierr.Errorf(hint, "%s %s: %w", plural(n, "message", "messages"), what, why)
}

// end ends the loop. The first reason counts.
func (s *session) end(err error) {
	if !s.ended {
		s.ended, s.err = true, err
	}
}

// outputFailed ends the chat, without an error if the reader has gone, as filters do. With a pipe as input the chat goes
// on, since the messages are sent all the same.
func (s *session) outputFailed(err error) {
	s.view.noReader = true
	switch {
	case s.o.source == fromPipe:
	case errors.Is(err, syscall.EPIPE):
		s.end(nil)
	default:
		s.end(cannotWrite(err))
	}
}

func cannotWrite(err error) error { return clierr.Errorf("", "cannot write: %w", err) }

// messageTooLarge ends the chat. After a reconnect the server would send the same message again.
func (s *session) messageTooLarge() {
	s.end(clierr.Errorf("--max-message allows longer ones", "the server sent a message of more than %d bytes", s.o.MaxMessage))
}

// prompt shows the room and the state of the connection in the input line.
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

package chat

import (
	"errors"
	"time"

	"github.com/centrifugal/centrifuge-go"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

// say queues a message, unless no server would take it. While the connection is lost it waits there.
func (s *session) say(text string) {
	if err := checkText(text); err != nil {
		s.quote(err, text)
		s.out.reject(err)
		return
	}
	if len(s.out.queue) >= outboxMost {
		s.view.alarm("not sent: %d messages wait already: %s", outboxMost, terminal.Short(text, maxQuoted))
		return
	}
	s.out.add(text)
	if s.screen != nil && s.visit.phase != live {
		s.view.note("kept until the connection is back: %s", terminal.Line(shorten(text)))
	}
	s.pump()
}

// pump sends the next message when one may be sent: not before the room's missed messages have been read, since the one
// in doubt may be among them.
func (s *session) pump() {
	if s.visit.phase != live || s.ended {
		return
	}
	m := s.out.take()
	s.maybeGone()
	if m == nil {
		return
	}
	room, id, data := s.visit.room, m.id, encode(m.text, m.id)
	s.ask(func() {
		_, err := s.client.Publish(s.ctx, room, data)
		s.post(func() { s.published(id, err) })
	})
}

// published takes the answer for the first message of the outbox.
func (s *session) published(id string, err error) {
	s.out.flying = false
	if !s.out.empty() && s.out.queue[0].id == id { // else the room was left, with the message given back by it
		s.settle(&s.out.queue[0], err)
	}
	s.pump()
	s.maybeGone()
}

// settle decides what becomes of a message: stored, refused, later, or in doubt.
func (s *session) settle(m *outgoing, err error) {
	var e *centrifuge.Error
	switch {
	case err == nil:
		s.out.drop()
	case !errors.As(err, &e):
		if m.lost++; m.lost > maxLost && !m.came {
			s.refuseFirst(clierr.Errorf("the server's log may say why", "the server never answers to it"))
		}
		if s.visit.phase == live { // else a loading is on its way, which ends in pump
			s.load(s.visit, recheck)
		}
	case e.Temporary && m.busy < 8:
		m.busy++
		s.out.resting = true
		s.after(min(100*time.Millisecond<<m.busy, 5*time.Second), func() {
			s.out.resting = false
			s.pump()
		})
	case s.o.source == fromPipe && hopeless(err):
		s.end(unsent(len(s.out.queue), "could not be sent", refusal(err)))
	default:
		s.refuseFirst(refusal(err))
	}
}

// maxLost bounds how often one message is sent without an answer: it may be what ends the connection each time.
const maxLost = 8

// refuseFirst gives up the first message, which was sent and will not be stored, and goes on with the next.
func (s *session) refuseFirst(why error) {
	if s.out.empty() {
		return
	}
	s.quote(why, s.out.queue[0].text)
	s.out.refuse(why)
}

// quote tells which message is not sent, and why.
func (s *session) quote(why error, text string) {
	s.view.alarm("not sent: %v: %s", why, terminal.Short(text, maxQuoted))
}

const maxQuoted = 60 // cells of a message that is quoted in a notice

// answered says whether the server answered, if only with an error.
func answered(err error) bool {
	var e *centrifuge.Error
	return errors.As(err, &e)
}

func timedOut(err error) bool { return errors.Is(err, centrifuge.ErrTimeout) }

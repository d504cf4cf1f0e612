package chat

import (
	"errors"
	"time"

	"github.com/centrifugal/centrifuge-go"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

// queueMessage queues a message, unless every server would refuse it. It waits while the connection is lost.
func (s *session) queueMessage(text string) {
	if err := checkText(text); err != nil {
		s.reportUnsent(err, text)
		s.out.reject(err)
		return
	}
	if len(s.out.queue) >= outboxMost {
		s.view.warn("not sent: %d messages wait already: %s", outboxMost, terminal.Short(text, maxQuoted))
		return
	}
	s.out.add(text)
	if s.screen != nil && s.visit.phase != live {
		s.view.note("kept until the connection is back: %s", terminal.Line(shorten(text)))
	}
	s.pump()
}

// pump sends the next message if one may be sent. The missed messages of the room must have been read before, because the
// message in doubt may be among them.
func (s *session) pump() {
	if s.visit.phase != live || s.ended {
		return
	}
	m := s.out.take()
	s.endIfAcknowledged()
	if m == nil {
		return
	}
	room, id, data := s.visit.room, m.id, encode(m.text, m.id)
	s.ask(func() {
		_, err := s.client.Publish(s.ctx, room, data)
		s.post(func() { s.published(id, err) })
	})
}

// published handles the reply for the first message of the outbox.
func (s *session) published(id string, err error) {
	s.out.inFlight = false
	if !s.out.empty() && s.out.queue[0].id == id { // otherwise the user has left the room, after it delivered the message
		s.resolve(&s.out.queue[0], err)
	}
	s.pump()
	s.endIfAcknowledged()
}

// resolve handles the result of a publish: the message is stored, refused, to be sent later, or in doubt.
func (s *session) resolve(m *outgoing, err error) {
	var e *centrifuge.Error
	switch {
	case err == nil:
		s.out.drop()
	case !errors.As(err, &e):
		if m.unanswered++; m.unanswered > maxUnanswered && !m.echoed {
			s.refuseFirst(clierr.Errorf("the server's log may say why", "the server never acknowledges it"))
		}
		if s.visit.phase == live { // otherwise loading is in progress, and ends with pump
			s.load(s.visit, recheck)
		}
	case e.Temporary && m.busy < 8:
		m.busy++
		s.out.waiting = true
		s.after(min(100*time.Millisecond<<m.busy, 5*time.Second), func() {
			s.out.waiting = false
			s.pump()
		})
	case s.o.source == fromPipe && permanent(err):
		s.end(unsent(len(s.out.queue), "could not be sent", refusal(err)))
	default:
		s.refuseFirst(refusal(err))
	}
}

// maxUnanswered is how often one message is sent without a reply: the message itself may be what breaks the connection.
const maxUnanswered = 8

// refuseFirst removes the first message, which will not be stored.
func (s *session) refuseFirst(why error) {
	if s.out.empty() {
		return
	}
	s.reportUnsent(why, s.out.queue[0].text)
	s.out.refuse(why)
}

// reportUnsent shows which message is not sent, and why.
func (s *session) reportUnsent(why error, text string) {
	s.view.warn("not sent: %v: %s", why, terminal.Short(text, maxQuoted))
}

const maxQuoted = 60 // cells of a message that is quoted in a notice

// answered reports whether err is a reply of the server.
func answered(err error) bool {
	var e *centrifuge.Error
	return errors.As(err, &e)
}

func timedOut(err error) bool { return errors.Is(err, centrifuge.ErrTimeout) }

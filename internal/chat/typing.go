package chat

import (
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// typingPrefix and a room's name make the name of a second room in which typing is announced (a namespace of --dev). If it
// does not exist or is not allowed, typing is not shown.
const typingPrefix = "typing:"

const (
	typingEvery = 3 * time.Second // at most one announcement from here
	typingFor   = 4 * time.Second // a notice is shown this long, unless the next one or the message comes
)

// typing is the person that is shown as typing, and the time of the last announcement from here.
type typing struct {
	who  person
	turn int // counts notices, so that an old timer does not end a new one
	told time.Time
}

// show puts the notice at the right end of the input line, where it moves neither the prompt nor the draft.
func (t *typing) show(s *session) {
	notice := ""
	if t.who.name != "" {
		notice = t.who.name + " is typing"
	}
	s.screen.setNotice(notice)
}

// watchTyping subscribes to the announcements, if there is a screen.
func (s *session) watchTyping(v *visit) {
	if s.screen == nil {
		return
	}
	sub, err := s.client.NewSubscription(typingPrefix + v.room)
	if err != nil {
		return
	}
	v.typing = sub
	sub.OnPublication(func(e centrifuge.PublicationEvent) {
		s.post(func() {
			if s.visit == v && e.Info != nil && e.Info.Client != s.self {
				s.typing.start(s, personOf(*e.Info))
			}
		})
	})
	s.ask(func() { _ = sub.Subscribe() })
}

// start shows that a person is typing, for typingFor.
func (t *typing) start(s *session, who person) {
	t.who = who
	t.turn++
	turn := t.turn
	t.show(s)
	s.after(typingFor, func() {
		if t.turn == turn {
			t.stop(s, t.who)
		}
	})
}

// stop ends the notice, if it is about this person.
func (t *typing) stop(s *session, who person) {
	if t.who.name == "" || t.who.client != who.client {
		return
	}
	t.who = person{}
	t.show(s)
}

// announce tells the others that the user is typing.
func (t *typing) announce(s *session) {
	v := s.visit
	if v.phase != live || v.typing == nil || time.Since(t.told) < typingEvery || v.typing.State() != centrifuge.SubStateSubscribed {
		return
	}
	t.told = time.Now()
	s.ask(func() {
		_, _ = s.client.Publish(s.ctx, v.typing.Channel, []byte(`{"typing":true}`)) // a lost announcement does not matter
	})
}

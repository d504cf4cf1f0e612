package chat

import (
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// typingPrefix and a room's name make the companion room where typing is told (issue 2: a namespace of --dev). Where it
// does not exist or is not allowed, nobody is shown typing.
const typingPrefix = "typing:"

const (
	typingEvery = 3 * time.Second // at most one notice from here
	typingFor   = 4 * time.Second // a notice is shown this long, unless the next one or the message comes
)

// typing is who was last seen typing, and when we last said that we do.
type typing struct {
	who  person
	turn int // counts notices, so that an old timer does not end a new one
	told time.Time
}

// show puts the notice at the right end of the row, where it moves neither the prompt nor the draft.
func (t *typing) show(s *session) {
	notice := ""
	if t.who.name != "" {
		notice = t.who.name + " is typing"
	}
	s.screen.setNotice(notice)
}

// watchTyping listens to the room's companion, where a person types.
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

// start shows who types, for a while.
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

// stop takes it away again.
func (t *typing) stop(s *session, who person) {
	if t.who.name == "" || t.who.client != who.client {
		return
	}
	t.who = person{}
	t.show(s)
}

// tell says that the person here types.
func (t *typing) tell(s *session) {
	v := s.visit
	if v.phase != live || v.typing == nil || time.Since(t.told) < typingEvery || v.typing.State() != centrifuge.SubStateSubscribed {
		return
	}
	t.told = time.Now()
	s.ask(func() {
		_, _ = s.client.Publish(s.ctx, v.typing.Channel, []byte(`{"typing":true}`)) // nobody misses one that is lost
	})
}

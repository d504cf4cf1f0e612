package chat

import (
	"slices"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

type phase int

const (
	entering phase = iota // not subscribed yet
	loading               // subscribed; earlier or missed messages are on their way and new ones are held back
	live                  // messages are shown as they come, and sent
	away                  // the subscription is lost; the SDK will restore it
)

// visit is the stay in one room.
type visit struct {
	room    string
	sub     *centrifuge.Subscription
	typing  *centrifuge.Subscription // nil where the room has no such companion
	phase   phase
	been    bool   // subscribed at least once
	delayed bool   // it was told that entering takes longer
	try     int    // counts loadings: late answers to an earlier one are dropped
	epoch   string // of the offsets below
	last    uint64 // offset of the latest message shown
	held    []message
	size    int // of held
	dropped int // that would have been held
}

// maxHeld bounds what is held back, and what of a history is read, in bytes.
const maxHeld = 16 << 20

// welcome is what the loading after a subscription is for.
type welcome int

const (
	first   welcome = iota // earlier messages are shown
	resumed                // all missed messages come by themselves
	gap                    // missed messages may be gone: what the history has is shown
	blind                  // the room keeps nothing to resume from
	recheck                // only to find out what became of a message in doubt
)

// loaded is the answer to fetch.
type loaded struct {
	messages []message // oldest first
	err      error
}

func (s *session) away(v *visit) {
	if v.been {
		v.phase = away
	}
}

// subscribed begins to load, at the first subscription and at every later one.
func (s *session) subscribed(v *visit, e centrifuge.SubscribedEvent) {
	w := first
	switch {
	case !v.been:
	case e.WasRecovering && e.Recovered:
		w = resumed
	case e.WasRecovering:
		w = gap
	default:
		w = blind
	}
	v.been, v.delayed = true, false
	if p := e.StreamPosition; p != nil && p.Epoch != v.epoch {
		v.epoch, v.last = p.Epoch, 0
		s.times.forget()
	}
	s.load(v, w)
}

// load asks for what w needs. The server answers in order, and the SDK hands over the missed messages of a resumed
// subscription before it reads on: so when any answer is here, all of them are held. That makes a request with limit 0
// worth sending even where history is not allowed.
func (s *session) load(v *visit, w welcome) {
	v.phase = loading
	v.try++
	try, limit := v.try, 0
	switch w {
	case first:
		limit = s.o.History
	case gap:
		limit = max(s.o.History, 100)
	}
	s.ask(func() {
		l := s.fetch(v, limit)
		s.post(func() {
			if s.visit == v && v.try == try {
				s.arrived(v, w, l)
			}
		})
	})
}

// fetch gets the last messages of the room, with as many requests as it takes: an answer of the server may be shorter
// than asked for. It runs in a goroutine of its own.
func (s *session) fetch(v *visit, limit int) (l loaded) {
	var before *centrifuge.StreamPosition
	size := 0
	for {
		h, err := s.history(v, limit-len(l.messages), before)
		for _, p := range h.Publications[:min(len(h.Publications), limit-len(l.messages))] {
			m := received(p, s.times.of(p.Offset))
			size += m.size()
			l.messages = append(l.messages, m)
		}
		if n := len(h.Publications); err == nil && n > 0 && len(l.messages) < limit && size < maxHeld {
			before = &centrifuge.StreamPosition{Offset: h.Publications[n-1].Offset, Epoch: h.Epoch}
			continue
		}
		l.err = err
		slices.Reverse(l.messages)
		return l
	}
}

// history asks for the last messages before a position, the newest first.
func (s *session) history(v *visit, limit int, before *centrifuge.StreamPosition) (centrifuge.HistoryResult, error) {
	asked := s.times.asked()
	h, err := v.sub.History(s.ctx, centrifuge.WithHistoryLimit(int32(limit)), centrifuge.WithHistoryReverse(true), centrifuge.WithHistorySince(before))
	if err == nil || answered(err) {
		s.times.answered(s.ctx, asked)
	}
	return h, err
}

// arrived shows what was loaded, then what was held back, and goes on living.
func (s *session) arrived(v *visit, w welcome, l loaded) {
	if l.err != nil && !answered(l.err) {
		if timedOut(l.err) {
			s.load(v, w)
		}
		return // the connection is lost; the next subscription loads anew
	}
	for i := range v.held {
		if at := s.times.of(v.held[i].offset); !at.IsZero() {
			v.held[i].at = at
		}
	}
	s.announce(v, w)
	for _, m := range append(l.messages, v.held...) {
		s.show(v, m)
	}
	if v.dropped > 0 {
		s.view.alarm("%s not shown: too many came meanwhile", plural(v.dropped, "message is", "messages are"))
	}
	v.held, v.size, v.dropped = nil, 0, 0
	v.phase = live
	if w == first && s.screen != nil {
		s.view.note("you are %s; /help lists the commands", s.o.Name)
		s.who()
	}
	s.pump()
}

// announce says what the return is like.
func (s *session) announce(v *visit, w welcome) {
	switch w {
	case resumed:
		if n := s.missed(v); n > 0 {
			s.view.note("back: %s", plural(n, "missed message", "missed messages"))
		} else {
			s.view.note("back: nothing missed")
		}
	case gap:
		s.view.alarm("back, but some history is gone: messages may be missing here")
	case blind:
		s.view.alarm("back; this room keeps no history, so messages may be missing here")
	}
	if w != recheck && s.lost {
		s.lost = false
		s.prompt()
	}
}

// missed counts the messages of others that came while the connection was lost, or in the moment since.
func (s *session) missed(v *visit) int {
	n := 0
	for _, m := range v.held {
		if m.offset > v.last && !s.out.has(m.id) {
			n++
		}
	}
	return n
}

// heard takes a message from the room.
func (s *session) heard(v *visit, p centrifuge.Publication) {
	m := received(p, time.Now())
	if v.phase == live {
		s.show(v, m)
		return
	}
	v.hold(m)
}

// hold keeps a message until it may be shown. When there is too much the oldest go.
func (v *visit) hold(m message) {
	v.held = append(v.held, m)
	for v.size += m.size(); v.size > maxHeld && len(v.held) > 1; v.dropped++ {
		v.size -= v.held[0].size()
		v.held[0] = message{}
		v.held = v.held[1:]
	}
}

// show shows a message, unless it has been shown: history and live messages overlap.
func (s *session) show(v *visit, m message) {
	if m.offset > 0 {
		if m.offset <= v.last {
			return
		}
		v.last = m.offset
	}
	mine := s.out.saw(m.id) || m.from.client == s.self && s.self != ""
	if !s.seen.add(m.id) || mine && s.o.source == fromPipe {
		return
	}
	s.typing.stop(s, m.from)
	s.view.message(m)
}

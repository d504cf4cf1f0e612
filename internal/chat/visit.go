package chat

import (
	"slices"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

type phase int

const (
	joining      phase = iota // not subscribed yet
	loading                   // subscribed; earlier or missed messages are being fetched, and new ones are held back
	live                      // messages are shown as they arrive, and sent
	disconnected              // the subscription is lost; the SDK will restore it
)

// visit is the time in one room.
type visit struct {
	room    string
	sub     *centrifuge.Subscription
	typing  *centrifuge.Subscription // nil without a screen
	phase   phase
	joined  bool   // subscribed at least once
	delayed bool   // the notice that joining takes longer was shown
	try     int    // counts loadings: a late reply to an earlier one is dropped
	epoch   string // of the offsets below
	last    uint64 // offset of the latest message shown
	held    []message
	size    int // of held
	dropped int // messages that exceeded maxHeld
}

// maxHeld bounds the messages that are held back, and those that are read of a history, in bytes.
const maxHeld = 16 << 20

// loadKind is the reason to load.
type loadKind int

const (
	firstJoin loadKind = iota // earlier messages are shown
	recovered                 // the server has sent all missed messages
	gap                       // missed messages may be gone; those in the history are shown
	noHistory                 // the room keeps no messages
	recheck                   // only to find out whether a message in doubt is stored
)

// loaded is the result of fetch.
type loaded struct {
	messages []message // oldest first
	err      error
}

func (s *session) subscriptionLost(v *visit) {
	if v.joined {
		v.phase = disconnected
	}
}

// subscribed starts loading, after the first subscription and after every later one.
func (s *session) subscribed(v *visit, e centrifuge.SubscribedEvent) {
	w := firstJoin
	switch {
	case !v.joined:
	case e.WasRecovering && e.Recovered:
		w = recovered
	case e.WasRecovering:
		w = gap
	default:
		w = noHistory
	}
	v.joined, v.delayed = true, false
	if p := e.StreamPosition; p != nil && p.Epoch != v.epoch {
		v.epoch, v.last = p.Epoch, 0
		s.times.reset()
	}
	s.load(v, w)
}

// load requests the messages for w. The server replies in order, and the SDK delivers the missed messages of a recovered
// subscription before it reads on. So all of them are held when any later reply arrives. For that reason a request with
// limit 0 is sent even if history is not allowed.
func (s *session) load(v *visit, w loadKind) {
	v.phase = loading
	v.try++
	try, limit := v.try, 0
	switch w {
	case firstJoin:
		limit = s.o.History
	case gap:
		limit = max(s.o.History, 100)
	}
	s.ask(func() {
		l := s.fetch(v, limit)
		s.post(func() {
			if s.visit == v && v.try == try {
				s.showLoaded(v, w, l)
			}
		})
	})
}

// fetch gets the last messages of the room, with as many requests as necessary: a reply may have fewer messages than
// requested. It runs outside the loop.
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

// history requests the last messages before a position, the newest first.
func (s *session) history(v *visit, limit int, before *centrifuge.StreamPosition) (centrifuge.HistoryResult, error) {
	asked := s.times.replies()
	h, err := v.sub.History(s.ctx, centrifuge.WithHistoryLimit(int32(limit)), centrifuge.WithHistoryReverse(true), centrifuge.WithHistorySince(before))
	if err == nil || answered(err) {
		s.times.waitAfter(s.ctx, asked)
	}
	return h, err
}

// showLoaded shows the loaded messages, then those that were held back. The visit is live then.
func (s *session) showLoaded(v *visit, w loadKind, l loaded) {
	if l.err != nil && !answered(l.err) {
		if timedOut(l.err) {
			s.load(v, w)
		}
		return // the connection is lost; the next subscription loads again
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
		s.view.warn("%s not shown: too many arrived meanwhile", plural(v.dropped, "message is", "messages are"))
	}
	v.held, v.size, v.dropped = nil, 0, 0
	v.phase = live
	if w == firstJoin && s.screen != nil {
		s.view.note("you are %s; /help lists the commands", s.o.Name)
		s.showPresence()
	}
	s.pump()
}

// announce shows what was missed while the connection was lost.
func (s *session) announce(v *visit, w loadKind) {
	switch w {
	case recovered:
		if n := s.missed(v); n > 0 {
			s.view.note("back: %s", plural(n, "missed message", "missed messages"))
		} else {
			s.view.note("back: nothing missed")
		}
	case gap:
		s.view.warn("back, but some history is gone: messages may be missing here")
	case noHistory:
		s.view.warn("back; this room keeps no history, so messages may be missing here")
	}
	if w != recheck && s.lost {
		s.lost = false
		s.prompt()
	}
}

// missed counts the messages of others that were published since the connection was lost.
func (s *session) missed(v *visit) int {
	n := 0
	for _, m := range v.held {
		if m.offset > v.last && !s.out.has(m.id) {
			n++
		}
	}
	return n
}

// publication handles a message from the room.
func (s *session) publication(v *visit, p centrifuge.Publication) {
	m := received(p, time.Now())
	if v.phase == live {
		s.show(v, m)
		return
	}
	v.hold(m)
}

// hold keeps a message until it may be shown. If there are too many, the oldest are dropped.
func (v *visit) hold(m message) {
	v.held = append(v.held, m)
	for v.size += m.size(); v.size > maxHeld && len(v.held) > 1; v.dropped++ {
		v.size -= v.held[0].size()
		v.held[0] = message{}
		v.held = v.held[1:]
	}
}

// show shows a message, unless it has been shown already: history and live messages overlap.
func (s *session) show(v *visit, m message) {
	if m.offset > 0 {
		if m.offset <= v.last {
			return
		}
		v.last = m.offset
	}
	mine := s.out.markEchoed(m.id) || m.from.client == s.self && s.self != ""
	if !s.seen.add(m.id) || mine && s.o.source == fromPipe {
		return
	}
	s.typing.stop(s, m.from)
	s.view.message(m)
}

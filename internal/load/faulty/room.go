package faulty

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// room is a room. It belongs to the loop.
type room struct {
	name     string
	offset   uint64
	history  []*entry
	members  []*member
	heldBack *entry // KeepSwap: goes into the history behind the next one
}

// entry is one message of a room. Data is that of the sender, JSON in the Centrifuge protocol.
type entry struct {
	room   string // "" without the Centrifuge protocol
	offset uint64
	data   []byte
	frame  *netpoll.Buffer
}

// with is the message with another offset or content.
func (e *entry) with(offset uint64, data []byte) *entry {
	return &entry{room: e.room, offset: offset, data: data}
}

func (e *entry) buffer() *netpoll.Buffer {
	if e.frame == nil {
		text := e.data
		if e.room != "" {
			text = fmt.Appendf(nil, `{"push":{"channel":%q,"pub":%s}}`, e.room, e.publication())
		}
		e.frame = netpoll.NewBuffer(frame.OpText, text)
	}
	return e.frame
}

func (e *entry) publication() []byte {
	b := append([]byte(`{"data":`), e.data...)
	if e.offset == 0 {
		return append(b, '}')
	}
	b = append(b, `,"offset":`...)
	return append(strconv.AppendUint(b, e.offset, 10), '}')
}

func (s *Server) room(name string) *room {
	r := s.rooms[name]
	if r == nil {
		r = &room{name: name}
		s.rooms[name] = r
	}
	return r
}

func (r *room) add(m *member) {
	m.room = r
	r.members = append(r.members, m)
}

func (r *room) remove(m *member) {
	if i := slices.Index(r.members, m); i >= 0 {
		r.members = slices.Delete(r.members, i, i+1)
	}
}

// publish keeps a message and delivers it, and returns its offset.
func (s *Server) publish(l *netpoll.Loop, r *room, data []byte) uint64 {
	r.offset++
	e := &entry{room: r.name, offset: r.offset, data: bytes.Clone(data)}
	if s.Plain {
		e.offset = 0
	}
	strikes := s.strikes(LoseForAll, NotKeep, Forget, KeepTwice, KeepSwap, KeepAlien)
	if strikes {
		s.committed()
	}
	s.keep(r, e, strikes)
	if !strikes || s.Fault != LoseForAll && s.Fault != Forget {
		s.deliver(l, r, e)
	}
	return e.offset
}

// keep appends to the history, which has no bound here.
func (s *Server) keep(r *room, e *entry, strikes bool) {
	behind := r.heldBack
	r.heldBack = nil
	switch {
	case !strikes || s.Fault == LoseForAll:
		r.history = append(r.history, e)
	case s.Fault == KeepTwice:
		r.history = append(r.history, e, e)
	case s.Fault == KeepSwap:
		r.heldBack = e
	case s.Fault == KeepAlien:
		r.history = append(r.history, e, e.with(e.offset, []byte(`"of nobody"`)))
	}
	if behind != nil {
		r.history = append(r.history, behind)
	}
}

// deliver hands a message to all members.
func (s *Server) deliver(l *netpoll.Loop, r *room, e *entry) {
	for _, m := range slices.Clone(r.members) { // Cut takes one out
		if c := l.Conn(m.handle); c != nil {
			s.hand(c, m, e)
		}
	}
}

// hand is one delivery.
func (s *Server) hand(c *netpoll.Conn, m *member, e *entry) {
	if m.deaf {
		return
	}
	held := m.held
	m.held = nil
	switch {
	case held != nil && s.Fault == Disorder:
		s.give(c, e.with(held.offset, e.data))
		s.give(c, e.with(e.offset, held.data))
		s.committed()
	case held != nil:
		s.give(c, e)
		s.give(c, held)
		s.committed()
	case s.strikes(Lose, Deafen, Repeat, RepeatLater, Swap, Disorder, Invent, Forge, Alter, Misroute, Cut):
		s.breakDelivery(c, m, e)
	default:
		s.give(c, e)
	}
	if m.again != nil {
		if m.later--; m.later == 0 {
			s.give(c, m.again)
			s.committed()
			m.again = nil
		}
	}
}

func (s *Server) give(c *netpoll.Conn, e *entry) {
	s.sent.Add(1)
	c.SendBuffer(e.buffer())
}

// breakDelivery commits the fault. Swap, Disorder and RepeatLater are over with a later message,
// and count then.
func (s *Server) breakDelivery(c *netpoll.Conn, m *member, e *entry) {
	if s.Fault != Swap && s.Fault != Disorder && s.Fault != RepeatLater {
		s.committed()
	}
	switch s.Fault {
	case Lose:
	case Deafen:
		m.deaf = true
	case Repeat:
		s.give(c, e)
		s.give(c, e)
	case RepeatLater:
		s.give(c, e)
		m.again, m.later = e, 11 // the ten that follow
	case Swap, Disorder:
		m.held = e
	case Invent:
		s.give(c, e)
		s.give(c, e.with(e.offset+1, []byte(`"I was never sent"`)))
	case Forge:
		s.give(c, e)
		s.give(c, e.with(e.offset+1, renumbered(e.data)))
	case Alter:
		s.give(c, e.with(e.offset, altered(e.data)))
	case Misroute:
		s.give(c, e)
		s.misroute(c, m, e)
	case Cut:
		c.Close(frame.CloseNormal, "enough")
	}
}

// misroute delivers a message to a member of another room.
func (s *Server) misroute(c *netpoll.Conn, m *member, e *entry) {
	for _, r := range s.rooms {
		if r != m.room && len(r.members) > 0 {
			if other := c.Loop().Conn(r.members[0].handle); other != nil {
				s.give(other, e)
			}
			return
		}
	}
}

// renumbered is a message of throng load with an unused number. The digits follow the marker, the run
// and the sender (internal/load/body.go).
func renumbered(data []byte) []byte {
	const marker = "~throng~"
	out := bytes.Clone(data)
	if i := bytes.Index(out, []byte(marker)); i >= 0 {
		copy(out[i+len(marker)+16:], "0fffff00")
	}
	return out
}

// altered is the message with another last letter.
func altered(data []byte) []byte {
	out := bytes.Clone(data)
	out[len(out)-1-len(`"`)] ^= 1
	return out
}

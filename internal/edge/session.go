package edge

import (
	"crypto/rand"
	"io"
	"slices"
	"unique"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// session is one connection that speaks the protocol. It belongs to its loop; only info, immutable from connect on,
// is shared with the rooms. Its size counts: there may be a million (session_test.go holds it at 128 bytes).
type session struct {
	info    room.Info
	loop    *loop
	conn    netpoll.Handle
	first   membership    // most connections are in one room
	more    *[]membership // all others; nil if there are none
	bulk    *bulk         // while a bulk command is under way
	serial  uint32        // of the last membership
	usage   usage         // what it has sent
	state   state
	counted bool // for its user, see admit
}

type state uint8

const (
	opened    state = iota // no connect command yet
	connected              // has an identity
	closing                // a close frame was sent: nothing is read any more
)

// membership is one room of a session. The name is interned: a thousand members of a room share one string.
type membership struct {
	room   unique.Handle[string]
	serial uint32 // tells it from an earlier membership of the same room; 0 = none
	joined bool   // the join was answered
	watch  bool   // member of the second topic, for joins and leaves
}

// open begins a session.
func (e *Edge) onOpen(c *netpoll.Conn) {
	l := e.loops[c.Loop().Index()]
	now := e.clock()
	s := &session{loop: l, conn: c.Handle(), usage: newUsage(now)}
	if f, ok := c.Context().(*UpgradeRequest); ok {
		l.keepRequest(s, f)
	}
	_, _ = rand.Read(s.info.Client[:]) // never fails
	c.SetContext(s)
	c.SetTimer(e.cfg.ConnectTimeout)
	l.counters.opened.Add(1)
	s.logOpened(c)
}

// message takes the commands out of a frame and has each carried out.
func (e *Edge) onMessage(c *netpoll.Conn, op frame.Op, p []byte) {
	s := c.Context().(*session)
	if op != frame.OpText {
		s.disconnect(c, protocol.DisconnectInappropriateFormat)
		return
	}
	r, limits, now := &s.loop.reader, &e.settings().send, e.clock()
	ok, first := s.loop.counters.chargeMessage(&s.usage, limits, now, len(p), c.Inflated()), true
	for r.Reset(p); s.state != closing; first = false {
		cmd, err := r.Next()
		if err == io.EOF {
			if first {
				s.chargeEmpty(c, limits, now)
			}
			return
		}
		s.loop.counters.commands.Add(1)
		if err == nil {
			err = s.chargeCommand(cmd, limits, now, ok)
		}
		if err == nil {
			err = s.perform(c, cmd)
		}
		if err != nil {
			s.fail(c, cmd.ID, cmd.Method.String(), err)
		}
	}
}

// closed leaves every room, also those whose join is still under way.
func (e *Edge) onClose(c *netpoll.Conn, ev netpoll.CloseEvent) {
	s, ok := c.Context().(*session)
	if !ok {
		return
	}
	s.state = closing
	s.loop.dropRequest(s)
	s.loop.counters.closed(ev.Code)
	s.logClosed(ev.Code)
	s.release()
	s.leaveAll()
	s.first, s.more = membership{}, nil
	s.dropBulk()
}

// depart leaves all rooms. Nobody waits for it.
func (s *session) leaveAll() {
	if s.rooms() == 0 {
		return
	}
	s.loop.out.Yield()
	s.loop.edge.hub.LeaveAll(uint64(s.conn), func(yield func(string) bool) {
		for m := range s.memberships {
			if !yield(m.room.Value()) {
				return
			}
		}
	})
}

// memberships yields the rooms of the session.
func (s *session) memberships(yield func(*membership) bool) {
	if s.first.serial != 0 && !yield(&s.first) {
		return
	}
	if s.more == nil {
		return
	}
	for i := range *s.more {
		if !yield(&(*s.more)[i]) {
			return
		}
	}
}

// find returns the membership of a room, nil if there is none.
func (s *session) find(name string) *membership {
	for m := range s.memberships {
		if m.room.Value() == name {
			return m
		}
	}
	return nil
}

// rooms is the number of memberships.
func (s *session) rooms() (n int) {
	if s.more != nil {
		n = len(*s.more)
	}
	if s.first.serial != 0 {
		n++
	}
	return n
}

// add begins a membership.
func (s *session) add(name string, watch bool) membership {
	s.serial = s.serial%serialMax + 1
	m := membership{room: unique.Make(name), serial: s.serial, watch: watch}
	switch {
	case s.first.serial == 0:
		s.first = m
	case s.more == nil:
		s.more = &[]membership{m}
	default:
		*s.more = append(*s.more, m)
	}
	return m
}

// remove ends a membership.
func (s *session) remove(m *membership) {
	if m == &s.first {
		s.first = membership{}
		return
	}
	i := slices.IndexFunc(*s.more, func(o membership) bool { return o.serial == m.serial })
	if *s.more = slices.Delete(*s.more, i, i+1); len(*s.more) == 0 {
		s.more = nil
	}
}

// member says who asks a room for something.
func (s *session) member() room.Member {
	return room.Member{Conn: uint64(s.conn), Loop: s.loop.index, Info: &s.info}
}

// submit hands a command to its room. The room's goroutine is to run before the loop waits for its sockets.
func (s *session) submit(cmd room.Command) error {
	s.loop.out.Yield()
	return s.loop.edge.hub.Submit(cmd)
}

// send sends a reply that was appended to the loop's scratch.
func (s *session) send(c *netpoll.Conn, reply []byte) {
	c.Send(frame.OpText, reply)
	if s.loop.reply = reply[:0]; cap(reply) > 64<<10 {
		s.loop.reply = nil
	}
}

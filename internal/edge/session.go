package edge

import (
	"crypto/rand"
	"io"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/codecs"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// session is one connection that speaks the protocol. It belongs to its loop; only info, which does not change after
// connect, is shared with the rooms. A server may have a million of them: session_test.go holds the size.
type session struct {
	info       room.Info
	loop       *loop
	conn       netpoll.Handle
	first      membership    // most connections are in one room
	more       *[]membership // all others; nil if there are none
	bulk       *bulk         // while a bulk command is under way
	serial     uint32        // of the last membership
	usage      usage         // what it has sent
	state      state
	form       room.Form // of its commands, replies and pushes
	framePings bool      // WebSocket pings instead of the protocol's
	counted    bool      // among the connections of its user, see admit
}

type state uint8

const (
	opened    state = iota // no connect command yet
	connected              // has an identity
	closing                // a close frame was sent: commands are no longer read
)

// codec returns the codec of the session's replies.
func (s *session) codec() *codecs.Codec { return &codecs.All[s.form] }

// reader returns the reader of the session's commands.
func (s *session) reader() protocol.Reader { return s.loop.readers[s.form] }

// onOpen begins a session.
func (e *Edge) onOpen(c *netpoll.Conn, f room.Form, framePings bool) {
	l := e.loops[c.Loop().Index()]
	s := &session{loop: l, conn: c.Handle(), usage: newUsage(e.clock()), form: f, framePings: framePings}
	if r, ok := c.Context().(*UpgradeRequest); ok {
		l.keepRequest(s, r)
	}
	_, _ = rand.Read(s.info.Client[:]) // never fails
	c.SetContext(s)
	c.SetTimer(e.cfg.ConnectTimeout)
	l.counters.opened.Add(1)
	s.logOpened(c)
}

// onMessage carries out the commands of a frame.
func (e *Edge) onMessage(c *netpoll.Conn, op frame.Op, p []byte) {
	s := c.Context().(*session)
	if op != s.codec().Op {
		s.disconnect(c, protocol.DisconnectInappropriateFormat)
		return
	}
	r, limits, now := s.reader(), &e.settings().send, e.clock()
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

// onClose ends a session. It leaves every room.
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

// member is the session as a room knows it.
func (s *session) member() room.Member {
	return room.Member{Conn: uint64(s.conn), Loop: s.loop.index, Info: &s.info, Form: s.form}
}

// submit submits a command to its room, and lets the room's goroutine run before the loop waits for its sockets.
func (s *session) submit(cmd room.Command) error {
	s.loop.out.Yield()
	return s.loop.edge.hub.Submit(cmd)
}

// send sends a reply that was appended to the loop's scratch.
func (s *session) send(c *netpoll.Conn, reply []byte) {
	c.Send(s.codec().Op, reply)
	if s.loop.reply = reply[:0]; cap(reply) > 64<<10 {
		s.loop.reply = nil
	}
}

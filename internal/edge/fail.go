package edge

import (
	"errors"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// fail answers a command with an error. The type of the error decides whether the connection stays open.
func (s *session) fail(c *netpoll.Conn, id uint32, command string, err error) {
	var (
		d *protocol.Disconnect
		r *room.Error
		p *protocol.Error
	)
	switch {
	case errors.As(err, &p):
		s.refuse(c, id, command, p)
	case errors.As(err, &r):
		s.refuse(c, id, command, roomError(r))
	case errors.As(err, &d):
		s.disconnect(c, d)
	case errors.Is(err, protocol.ErrMalformed):
		s.disconnect(c, protocol.DisconnectBadRequest)
	default:
		s.disconnect(c, protocol.DisconnectServerError)
	}
}

// refuse sends an error reply, unless the command has no id.
func (s *session) refuse(c *netpoll.Conn, id uint32, command string, e *protocol.Error) {
	s.loop.counters.refused(e.Code)
	s.loop.edge.logRefused(&s.info, command, e)
	if id != 0 {
		s.send(c, s.codec().AppendError(s.loop.reply, id, e))
	}
}

// disconnect closes the connection with a code of the protocol, from which the SDKs see whether to reconnect.
func (s *session) disconnect(c *netpoll.Conn, d *protocol.Disconnect) {
	s.state = closing
	c.Close(frame.CloseCode(d.Code), d.Reason)
}

// roomError converts an error of a room. The code is the same, the message is the protocol's, and the room decides whether
// it is temporary.
func roomError(err error) *protocol.Error {
	var r *room.Error
	if errors.As(err, &r) {
		for _, e := range protocol.Errors() {
			switch {
			case e.Code != r.Code:
			case e.Temporary == r.Temporary:
				return e
			default:
				return &protocol.Error{Code: e.Code, Message: e.Message, Temporary: r.Temporary}
			}
		}
	}
	return protocol.ErrInternal
}

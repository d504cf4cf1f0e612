package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// perform carries out a command, or submits it to a room. The first command must be connect.
func (s *session) perform(c *netpoll.Conn, cmd protocol.Command) error {
	if s.state == opened && cmd.Method != protocol.MethodConnect {
		return protocol.DisconnectBadRequest
	}
	switch cmd.Method {
	case protocol.MethodNone, protocol.MethodSend: // a pong; send has no receiver
		return nil
	case protocol.MethodPublish:
		return s.publish(c, cmd)
	case protocol.MethodConnect:
		return s.connect(c, cmd)
	case protocol.MethodSubscribe:
		return s.subscribe(cmd)
	case protocol.MethodUnsubscribe:
		return s.unsubscribe(c, cmd)
	case protocol.MethodPresence, protocol.MethodPresenceStats:
		return s.presence(cmd)
	case protocol.MethodHistory:
		return s.history(cmd)
	case protocol.MethodPing:
		s.send(c, s.codec().AppendEmptyReply(s.loop.reply, cmd.ID, protocol.MethodPing))
		return nil
	case protocol.MethodRefresh:
		return s.refresh(c, cmd)
	case protocol.MethodSubRefresh, protocol.MethodRPC:
		return protocol.ErrNotAvailable // subscriptions have no tokens, and there are no procedures
	default:
		return protocol.ErrMethodNotFound
	}
}

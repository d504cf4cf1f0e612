package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

const maxKey = 255 // bytes of an idempotency key

// publish submits a message to its room, which answers when the message is stored. While the backlogs of all connections
// take too much memory, a connection with a backlog of its own may not publish.
func (s *session) publish(c *netpoll.Conn, cmd protocol.Command) error {
	var req protocol.PublishRequest
	switch {
	case s.loop.reader.DecodePublish(cmd, &req) != nil:
		return protocol.ErrFieldType
	case len(req.Data) == 0:
		return protocol.ErrNoData
	case len(req.IdempotencyKey) > maxKey:
		return protocol.ErrLongKey
	}
	if req.Type != 0 {
		return protocol.ErrNotAvailable // the client would publish something else than it asked for
	}
	ns, err := s.authorize(opPublish, req.Channel)
	if err != nil {
		return err
	}
	if s.loop.out.Pressed() && c.Backlog() > pauseBacklog {
		s.loop.counters.backlog.Add(1)
		return protocol.ErrTooManyRequests
	}
	if d := s.loop.edge.drain.Load(); d != nil {
		return s.refusePublish(d)
	}
	return s.submit(room.Command{
		Op: room.Publish, Room: req.Channel, Options: ns.room, Member: s.member(), Token: s.loop.edge.publishToken(cmd.ID),
		Data: jsonwire.AppendRaw(make([]byte, 0, len(req.Data)), req.Data), IdempotencyKey: req.IdempotencyKey, From: &s.info,
	})
}

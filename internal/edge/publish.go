package edge

import (
	"bytes"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

const maxKey = 255 // bytes of an idempotency key

// publish submits a message to its room, which answers when the message is stored. While the backlogs of all connections
// take too much memory, a connection with a backlog of its own may not publish.
func (s *session) publish(c *netpoll.Conn, cmd protocol.Command) error {
	req := &s.loop.publishing
	*req = protocol.PublishRequest{}
	if err := s.reader().DecodePublish(cmd, req); err != nil {
		return err
	}
	switch {
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
	data, err := s.ownData(ns, req.Data)
	if err != nil {
		return err
	}
	return s.submit(room.Command{
		Op: room.Publish, Room: req.Channel, Options: ns.room, Member: s.member(), Token: s.loop.edge.publishToken(cmd.ID),
		Data: data, IdempotencyKey: req.IdempotencyKey, From: &s.info,
	})
}

// ownData returns the data of a message as the room keeps it: JSON, unless the namespace takes any bytes.
func (s *session) ownData(ns *namespace, data protocol.Raw) ([]byte, error) {
	if ns.binary() {
		return bytes.Clone(data), nil
	}
	return s.reader().OwnData(data)
}

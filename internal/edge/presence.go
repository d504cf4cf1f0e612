package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// presence asks a room who is there, or how many are.
func (s *session) presence(cmd protocol.Command) error {
	var req protocol.ChannelRequest
	if s.loop.reader.DecodeChannel(cmd, &req) != nil {
		return protocol.ErrFieldType
	}
	ns, err := s.namespace(req.Channel)
	switch {
	case err != nil:
		return err
	case !ns.Presence:
		return protocol.ErrNotAvailable
	case !s.may(ns.mayPresence(), ns, req.Channel):
		return protocol.ErrPermissionDenied
	}
	q := room.Command{
		Op: room.Presence, Room: req.Channel, Options: ns.room, Member: s.member(), Token: uint64(cmd.ID),
	}
	if cmd.Method == protocol.MethodPresenceStats {
		q.Op = room.PresenceStats
		return s.submit(q)
	}
	return s.submitBulk(q)
}

package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// presence asks a room for its members, or for their number.
func (s *session) presence(cmd protocol.Command) error {
	var req protocol.ChannelRequest
	if err := s.reader().DecodeChannel(cmd, &req); err != nil {
		return err
	}
	ns, err := s.authorize(opPresence, req.Channel)
	if err != nil {
		return err
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

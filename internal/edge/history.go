package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// history asks a room for what it remembers. Limit 0 asks for the position alone; behind a recovery in pages its answer
// tells the client that they have all come.
func (s *session) history(cmd protocol.Command) error {
	var req protocol.HistoryRequest
	if s.loop.reader.DecodeHistory(cmd, &req) != nil {
		return protocol.ErrFieldType
	}
	ns, err := s.namespace(req.Channel)
	switch {
	case err != nil:
		return err
	case ns.HistorySize == 0:
		return protocol.ErrNotAvailable
	case !s.may(ns.mayHistory(), ns, req.Channel):
		return protocol.ErrPermissionDenied
	}
	q := room.Command{
		Op: room.History, Room: req.Channel, Options: ns.room, Member: s.member(), Token: uint64(cmd.ID),
		Limit: max(int(req.Limit), -1), Reverse: req.Reverse,
	}
	if req.Since != nil {
		q.HasSince, q.Since = true, room.Position{Offset: req.Since.Offset, Epoch: req.Since.Epoch}
	}
	if q.Limit == 0 && s.bulk == nil {
		return s.submit(q)
	}
	return s.submitBulk(q)
}

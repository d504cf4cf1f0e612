package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// history asks a room for its messages. With limit 0 it asks for the position alone. A client that sends one behind a
// recovery in pages gets the answer when all pages have been sent.
func (s *session) history(cmd protocol.Command) error {
	var req protocol.HistoryRequest
	if err := s.reader().DecodeHistory(cmd, &req); err != nil {
		return err
	}
	ns, err := s.authorize(opHistory, req.Channel)
	if err != nil {
		return err
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

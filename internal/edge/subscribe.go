package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// subscribe submits a join. Until the room answers, the membership exists but is not joined.
func (s *session) subscribe(cmd protocol.Command) error {
	var req protocol.SubscribeRequest
	if err := s.reader().DecodeSubscribe(cmd, &req); err != nil {
		return err
	}
	ns, err := s.checkSubscribe(&req)
	if err != nil {
		return err
	}
	return s.join(cmd.ID, &req, ns)
}

func (s *session) checkSubscribe(req *protocol.SubscribeRequest) (*namespace, error) {
	if req.Type != 0 || len(req.TagsFilter) > 0 && string(req.TagsFilter) != "null" {
		return nil, protocol.ErrNotAvailable // without these the client would get other messages than it asked for
	}
	ns, err := s.authorize(opSubscribe, req.Channel)
	switch {
	case err != nil:
		return nil, err
	case req.Token != "":
		return nil, protocol.ErrPermissionDenied // no token can be verified yet
	case s.find(req.Channel) != nil:
		return nil, protocol.ErrAlreadySubscribed
	case s.rooms() >= s.loop.edge.settings().maxRooms:
		s.loop.counters.rooms.Add(1)
		return nil, protocol.ErrLimitExceeded
	}
	return ns, nil
}

// join submits the join. Recovery needs a namespace that forces it, or that grants it to clients that ask. Without that
// recover:true is a subscribe without recovery.
func (s *session) join(id uint32, req *protocol.SubscribeRequest, ns *namespace) error {
	recoverable := ns.ForceRecovery || req.Recoverable && (ns.AllowRecovery || s.mayResume(ns, req.Channel))
	positioned := recoverable || ns.ForcePositioning || req.Positioned && (ns.AllowPositioning || s.mayResume(ns, req.Channel))
	want := ns.JoinLeave && (ns.ForcePushJoinLeave || req.JoinLeave && s.mayAsMember(ns.permission(opPresence), ns, req.Channel))
	m := s.add(req.Channel, want && !ns.ForcePushJoinLeave)

	flags := flag(tokenRecoverable, recoverable) | flag(tokenPositioned, positioned) | flag(tokenWatch, m.watch) |
		flag(tokenRecover, req.Recover)
	member := s.member()
	member.WantJoinLeave = want
	cmd := room.Command{
		Op: room.Join, Room: m.room.Value(), Options: ns.room, Member: member,
		Token:             joinToken(id, m.serial, flags),
		Recover:           req.Recover && recoverable,
		Since:             room.Position{Offset: req.Offset, Epoch: req.Epoch},
		RejectUnrecovered: req.Flag&protocol.FlagRejectUnrecovered != 0,
	}
	submit := s.submit
	if cmd.Recover {
		submit = s.submitBulk
	}
	err := submit(cmd)
	if err != nil {
		s.undoJoin(&cmd)
	}
	return err
}

// unsubscribe ends a membership. For a room that the session is not in, the reply is the same.
func (s *session) unsubscribe(c *netpoll.Conn, cmd protocol.Command) error {
	var req protocol.ChannelRequest
	if err := s.reader().DecodeChannel(cmd, &req); err != nil {
		return err
	}
	if req.Channel == "" {
		return protocol.ErrNoChannel
	}
	m := s.find(req.Channel)
	if m == nil {
		s.send(c, s.codec().AppendEmptyReply(s.loop.reply, cmd.ID, protocol.MethodUnsubscribe))
		return nil
	}
	if id, waiting := s.cancelBulk(m); waiting {
		// The room answers a join that is left before it is complete with the same error.
		s.refuse(c, id, "subscribe", protocol.ErrTooManyRequests)
		s.send(c, s.codec().AppendEmptyReply(s.loop.reply, cmd.ID, protocol.MethodUnsubscribe))
	} else {
		s.leave(m, cmd.ID)
	}
	s.remove(m)
	return nil
}

// leave submits the end of a membership; it follows the join in the same queue. With id 0 there is no reply. Only a hub
// that is closing refuses a leave, and it forgets all members.
func (s *session) leave(m *membership, id uint32) {
	member := s.member()
	member.WantJoinLeave = m.watch
	_ = s.submit(room.Command{
		Op: room.Leave, Room: m.room.Value(), Member: member,
		Token: joinToken(id, m.serial, flag(tokenWatch, m.watch)),
	})
}

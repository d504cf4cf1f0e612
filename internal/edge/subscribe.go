package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// subscribe submits a join. The room answers; until then the membership is there, but not joined.
func (s *session) subscribe(cmd protocol.Command) error {
	var req protocol.SubscribeRequest
	if s.loop.reader.DecodeSubscribe(cmd, &req) != nil {
		return protocol.ErrFieldType
	}
	ns, err := s.namespace(req.Channel)
	if err != nil {
		return err
	}
	if err := s.checkSubscribe(&req, ns); err != nil {
		return err
	}
	return s.join(cmd.ID, &req, ns)
}

func (s *session) checkSubscribe(req *protocol.SubscribeRequest, ns *namespace) error {
	switch {
	case req.Type != 0 || len(req.TagsFilter) > 0 && string(req.TagsFilter) != "null":
		return protocol.ErrNotAvailable // to ignore these would deliver something else than was asked for
	case req.Token != "" || s.loop.edge.settings().namespaces.needsToken(req.Channel) || !s.maySubscribe(ns, req.Channel):
		return protocol.ErrPermissionDenied // no token can be verified yet
	case s.find(req.Channel) != nil:
		return protocol.ErrAlreadySubscribed
	case s.rooms() >= s.loop.edge.settings().maxRooms:
		s.loop.counters.rooms.Add(1)
		return protocol.ErrLimitExceeded
	}
	return nil
}

// join submits the join. Recovery goes by what the namespace forces, or grants to those who ask: recover:true
// without it is a plain subscribe.
func (s *session) join(id uint32, req *protocol.SubscribeRequest, ns *namespace) error {
	recoverable := ns.ForceRecovery || req.Recoverable && (ns.AllowRecovery || s.mayResume(ns, req.Channel))
	positioned := recoverable || ns.ForcePositioning || req.Positioned && (ns.AllowPositioning || s.mayResume(ns, req.Channel))
	want := ns.JoinLeave && (ns.ForcePushJoinLeave || req.JoinLeave && s.mayAsMember(ns.mayPresence(), ns, req.Channel))
	m := s.add(req.Channel, want && !ns.ForcePushJoinLeave)

	member := s.member()
	member.WantJoinLeave = want
	cmd := room.Command{
		Op: room.Join, Room: m.room.Value(), Options: ns.room, Member: member,
		Token:             makeToken(id, m.serial, recoverable, positioned, m.watch) | asked(req.Recover),
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

// unsubscribe ends a membership. Who is not in the room gets what was asked for at once.
func (s *session) unsubscribe(c *netpoll.Conn, cmd protocol.Command) error {
	var req protocol.ChannelRequest
	if s.loop.reader.DecodeChannel(cmd, &req) != nil {
		return protocol.ErrFieldType
	}
	if req.Channel == "" {
		return protocol.ErrNoChannel
	}
	m := s.find(req.Channel)
	if m == nil {
		s.send(c, jsonwire.AppendEmptyReply(s.loop.reply, cmd.ID, "unsubscribe"))
		return nil
	}
	if id, waiting := s.cancelBulk(m); waiting {
		s.refuse(c, id, "subscribe", protocol.ErrTooManyRequests) // as the room answers a join that is left before it is complete
		s.send(c, jsonwire.AppendEmptyReply(s.loop.reply, cmd.ID, "unsubscribe"))
	} else {
		s.leave(m, cmd.ID)
	}
	s.remove(m)
	return nil
}

// leave submits the end of a membership, behind its join. With id 0 nobody wants the answer. A leave is never
// refused but by a hub that is closing, and that forgets everybody.
func (s *session) leave(m *membership, id uint32) {
	member := s.member()
	member.WantJoinLeave = m.watch
	_ = s.submit(room.Command{
		Op: room.Leave, Room: m.room.Value(), Member: member,
		Token: makeToken(id, m.serial, false, false, m.watch),
	})
}

// A token is what a command takes along to its answer: the client's id, and for joins and leaves what the answer
// has to know of the membership.
type token uint64

const (
	tokenRecoverable = 1 << (32 + iota)
	tokenPositioned
	tokenWatch
	tokenBulk
	tokenPage
	tokenRecover

	serialShift = 40
	serialMax   = 1<<(64-serialShift) - 1
)

func makeToken(id, serial uint32, recoverable, positioned, watch bool) uint64 {
	t := uint64(id) | uint64(serial)<<serialShift
	if recoverable {
		t |= tokenRecoverable
	}
	if positioned {
		t |= tokenPositioned
	}
	if watch {
		t |= tokenWatch
	}
	return t
}

// asked is the part of a join's token that says whether recovery was asked for, granted or not.
func asked(recovery bool) uint64 {
	if recovery {
		return tokenRecover
	}
	return 0
}

func (t token) id() uint32        { return uint32(t) }
func (t token) serial() uint32    { return uint32(t >> serialShift) }
func (t token) recoverable() bool { return t&tokenRecoverable != 0 }
func (t token) positioned() bool  { return t&tokenPositioned != 0 }
func (t token) watch() bool       { return t&tokenWatch != 0 }
func (t token) bulk() bool        { return t&tokenBulk != 0 }
func (t token) recover() bool     { return t&tokenRecover != 0 }

// page: the join goes on with a recovery whose beginning the client has.
func (t token) page() bool { return t&tokenPage != 0 }

// nextPage is the token of the join that goes on with a recovery. The client has its reply.
func (t token) nextPage() uint64 { return uint64(t|tokenPage) &^ (1<<32 - 1) }

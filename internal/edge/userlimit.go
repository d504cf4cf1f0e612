package edge

import (
	"github.com/throngd/throng/internal/limit"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// admit counts one more connection of a user. Above the number of connections the connection is closed with a code after
// which the SDKs do not reconnect. Above the rate, connect is answered with an error after which they try again, with
// growing delays. Connections without a user id are not limited: they do not belong to one person.
func (s *session) admit(user string) error {
	if user == "" {
		return nil
	}
	e, n := s.loop.edge, &s.loop.counters
	entry, verdict := e.users.Enter(user, e.uptime())
	switch verdict {
	case limit.TooMany:
		n.userLimit.Add(1)
		return protocol.DisconnectConnectionLimit
	case limit.TooFast:
		n.userRate.Add(1)
		return protocol.ErrTooManyRequests
	}
	s.counted = entry != nil
	return nil
}

// release ends what admit began.
func (s *session) release() {
	if s.counted {
		s.loop.edge.users.Leave(s.info.User, s.loop.edge.uptime())
	}
}

// mayOpen reports to a shard whether a connection may make one more room.
func (e *Edge) mayOpen(by *room.Info) bool {
	if e.roomsMade.Take(by.Client, e.uptime()) {
		return true
	}
	e.roomsRefused.Add(1)
	return false
}

package edge

import (
	"math"
	"time"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// A connection has one deadline at a time, on its netpoll timer: until its connect command, and then, if its identity
// expires, until it must have been refreshed.

// onTimer closes a connection whose deadline is over.
func onTimer(c *netpoll.Conn) {
	switch s := c.Context().(*session); s.state {
	case opened:
		s.loop.counters.stale.Add(1)
		s.disconnect(c, protocol.DisconnectStale)
	case connected:
		s.disconnect(c, protocol.DisconnectExpired)
	}
}

// setExpiry sets the deadline of an identity, or removes the deadline of the connect command. The time of day at which
// the identity expires becomes the duration that is left, as the client is told it: a later change of the system's clock
// ends no session.
func (s *session) setExpiry(c *netpoll.Conn, id Identity) {
	if id.ExpireAt.IsZero() {
		c.SetTimer(0)
		return
	}
	left := min(max(time.Until(id.ExpireAt), time.Nanosecond), math.MaxInt64/2)
	c.SetTimer(left + s.loop.edge.cfg.expireGrace)
}

// refresh renews the identity of a connection that expires. Only an Authenticator knows tokens. The new token must be of
// the same user.
func (s *session) refresh(c *netpoll.Conn, cmd protocol.Command) error {
	if s.loop.edge.cfg.Auth == nil {
		return protocol.ErrNotAvailable
	}
	var req protocol.RefreshRequest
	if err := s.reader().DecodeRefresh(cmd, &req); err != nil {
		return err
	}
	if req.Token == "" {
		return protocol.ErrNoToken
	}
	id, err := s.loop.edge.authenticator().Authenticate(&AuthRequest{Token: req.Token, Refresh: true, UpgradeRequest: &UpgradeRequest{}})
	switch {
	case err != nil:
		return err
	case id.User != s.info.User:
		return protocol.DisconnectInvalidToken
	}
	s.setExpiry(c, id)
	res := s.connectResult(id)
	s.send(c, s.codec().AppendRefresh(s.loop.reply, cmd.ID, &res))
	return nil
}

// ttl is the time that an identity has left, as the client is told.
func (id *Identity) ttl() (expires bool, left uint32) {
	if id.ExpireAt.IsZero() {
		return false, 0
	}
	return true, seconds(time.Until(id.ExpireAt))
}

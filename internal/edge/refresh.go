package edge

import (
	"math"
	"time"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
)

// refresh renews the identity of a connection that would expire. Only an Authenticator of the embedder's knows
// tokens; the new one must be of the same user.
func (s *session) refresh(c *netpoll.Conn, cmd protocol.Command) error {
	if s.loop.edge.cfg.Auth == nil {
		return protocol.ErrNotAvailable
	}
	var req protocol.RefreshRequest
	if s.loop.reader.DecodeRefresh(cmd, &req) != nil {
		return protocol.ErrFieldType
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
	s.send(c, jsonwire.AppendRefresh(s.loop.reply, cmd.ID, &res))
	return nil
}

// setExpiry sets the timer of the connection to the end of its identity. The time of day at which it expires becomes the
// time that it has left, which the client is told: setting the clock later ends nobody's session.
func (s *session) setExpiry(c *netpoll.Conn, id Identity) {
	if id.ExpireAt.IsZero() {
		c.SetTimer(0)
		return
	}
	left := min(max(time.Until(id.ExpireAt), time.Nanosecond), math.MaxInt64/2)
	c.SetTimer(left + s.loop.edge.cfg.expireGrace)
}

// ttl is the time that an identity has left, as the client is told.
func (id *Identity) ttl() (expires bool, left uint32) {
	if id.ExpireAt.IsZero() {
		return false, 0
	}
	return true, seconds(time.Until(id.ExpireAt))
}

package edge

import (
	"math"
	"time"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// connect gives the session its identity. The subs field of the request is about server-side subscriptions, which throng
// does not have, and is ignored.
func (s *session) connect(c *netpoll.Conn, cmd protocol.Command) error {
	if s.state != opened {
		return protocol.DisconnectBadRequest
	}
	if s.loop.edge.drain.Load() != nil {
		return protocol.DisconnectShutdown
	}
	var req protocol.ConnectRequest
	if err := s.reader().DecodeConnect(cmd, &req); err != nil {
		return err
	}
	id, err := s.authenticate(&req)
	if err != nil {
		return err
	}
	if err := s.admit(id.User); err != nil {
		return err
	}
	s.info.User, s.info.ConnInfo = id.User, id.Info
	s.loop.dropRequest(s)
	s.state = connected
	s.setExpiry(c, id)
	s.loop.counters.connected.Add(1)
	s.logConnected()
	res := s.connectResult(id)
	s.send(c, s.codec().AppendConnect(s.loop.reply, cmd.ID, &res))
	c.StartPings()
	return nil
}

func (s *session) authenticate(req *protocol.ConnectRequest) (Identity, error) {
	r := AuthRequest{Token: req.Token, Data: req.Data, Name: req.Name, Version: req.Version, Headers: req.Headers, UpgradeRequest: s.loop.requests[s]}
	if r.UpgradeRequest == nil {
		r.UpgradeRequest = &UpgradeRequest{}
	}
	return s.loop.edge.authenticator().Authenticate(&r)
}

func (s *session) connectResult(id Identity) protocol.ConnectResult {
	cfg := &s.loop.edge.cfg
	res := protocol.ConnectResult{Client: protocol.ClientID(s.info.Client), Version: cfg.Version}
	if cfg.PingInterval > 0 && !s.framePings {
		res.Ping, res.Pong = seconds(cfg.PingInterval), true
	}
	res.Expires, res.TTL = id.ttl()
	return res
}

// seconds rounds up to whole seconds, as the protocol has them; there 0 means never.
func seconds(d time.Duration) uint32 {
	return uint32(min(max(math.Ceil(d.Seconds()), 1), math.MaxUint32))
}

package edge

import (
	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// Endpoints are what the server has to serve: the protocol on /connection/websocket and /ws, and /echo if enabled.
func (e *Edge) Endpoints() []netpoll.Endpoint {
	p := e.endpoint()
	p.Path = "/connection/websocket"
	endpoints := []netpoll.Endpoint{p}
	p.Path = "/ws"
	endpoints = append(endpoints, p)
	if e.cfg.Echo {
		endpoints = append(endpoints, e.echo())
	}
	return endpoints
}

func (e *Edge) endpoint() netpoll.Endpoint {
	return netpoll.Endpoint{
		Origins:       e.cfg.Origins,
		Subprotocols:  []string{"centrifuge-json"},
		MaxMessage:    e.cfg.MaxMessage,
		Compression:   e.cfg.Compression,
		PingInterval:  e.cfg.PingInterval,
		HoldPings:     true, // until connect
		PongTimeout:   e.cfg.PongTimeout,
		PingFrame:     frame.AppendFrame(nil, frame.OpText, []byte(protocol.Ping)),
		PongCode:      frame.CloseCode(protocol.DisconnectNoPong.Code),
		MaxBacklog:    e.cfg.MaxBacklog,
		MaxBacklogAge: e.cfg.BacklogAge,
		SlowCode:      frame.CloseCode(protocol.DisconnectSlow.Code),
		PauseBacklog:  pauseBacklog,
		OnDrain:       drained,
		LowBacklog:    lowBacklog,
		OnDropped:     dropped,
		Accept:        e.accept,
		OnOpen:        e.open,
		OnMessage:     e.message,
		OnClose:       e.closed,
	}
}

// echo returns every message. It takes the same path through netpoll as the protocol, for conformance tools, and so
// always negotiates compression.
func (e *Edge) echo() netpoll.Endpoint {
	return netpoll.Endpoint{
		Path:          "/echo",
		Origins:       e.cfg.Origins,
		MaxMessage:    e.cfg.EchoMaxMessage,
		Compression:   true,
		MaxBacklog:    max(e.cfg.MaxBacklog, 4*e.cfg.EchoMaxMessage),
		MaxBacklogAge: e.cfg.BacklogAge,
		PauseBacklog:  pauseBacklog,
		OnMessage:     func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
	}
}

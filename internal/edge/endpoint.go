package edge

import (
	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
)

// Endpoints returns the endpoints of the server: the protocol at /connection/websocket and /ws, and /echo if it is enabled.
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
		CheckOrigin:   e.cfg.CheckOrigin,
		Subprotocols:  []string{"centrifuge-json"},
		MaxMessage:    e.cfg.MaxMessage,
		Compression:   e.cfg.Compression,
		PingInterval:  e.cfg.PingInterval,
		HoldPings:     true, // until connect
		PongTimeout:   e.cfg.PongTimeout,
		PingFrame:     frame.AppendFrame(nil, frame.OpText, []byte(jsonwire.Ping)),
		PongCode:      frame.CloseCode(protocol.DisconnectNoPong.Code),
		MaxBacklog:    e.cfg.MaxBacklog,
		MaxBacklogAge: e.cfg.BacklogAge,
		SlowCode:      frame.CloseCode(protocol.DisconnectSlow.Code),
		PauseBacklog:  pauseBacklog,
		OnDrain:       onDrain,
		LowBacklog:    lowBacklog,
		OnDropped:     onDropped,
		Accept:        e.onAccept,
		OnOpen:        e.onOpen,
		OnMessage:     e.onMessage,
		OnTimer:       onTimer,
		OnClose:       e.onClose,
	}
}

package edge

import (
	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// echo returns every message. It takes the same path through netpoll as the protocol, for conformance tools, and so
// always negotiates compression. Messages are charged as commands; there is no reply to refuse one with, so a connection
// that is above its rate is closed at once.
func (e *Edge) echo() netpoll.Endpoint {
	return netpoll.Endpoint{
		Path:          "/echo",
		CheckOrigin:   e.cfg.CheckOrigin,
		MaxMessage:    e.cfg.EchoMaxMessage,
		Compression:   true,
		MaxBacklog:    max(e.cfg.MaxBacklog, 4*e.cfg.EchoMaxMessage),
		MaxBacklogAge: e.cfg.BacklogAge,
		PauseBacklog:  pauseBacklog,
		OnOpen:        func(c *netpoll.Conn) { u := newUsage(e.clock()); c.SetContext(&u) },
		OnMessage:     e.echoMessage,
	}
}

func (e *Edge) echoMessage(c *netpoll.Conn, op frame.Op, p []byte) {
	limits := &e.settings().echo
	if limits.unlimited() {
		c.Send(op, p) // without reading the clock, a tenth of the whole echo
		return
	}
	u, now := c.Context().(*usage), e.clock()
	n := &e.loops[c.Loop().Index()].counters
	ok := n.chargeMessage(u, limits, now, len(p), c.Inflated())
	if !u.takeCommand(limits, now) {
		n.limited.Add(1)
		ok = false
	}
	if ok {
		c.Send(op, p)
		return
	}
	n.flooded.Add(1)
	d := protocol.DisconnectTooManyRequests
	c.Close(frame.CloseCode(d.Code), d.Reason)
}

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
		OnOpen:        func(c *netpoll.Conn) { now := e.clock(); c.SetContext(&meters{commands: now, bytes: now}) },
		OnMessage:     e.echoMessage,
	}
}

func (e *Edge) echoMessage(c *netpoll.Conn, op frame.Op, p []byte) {
	t := &e.now().echo
	if t.unlimited() {
		c.Send(op, p) // without reading the clock, a tenth of the whole echo
		return
	}
	m, now := c.Context().(*meters), e.clock()
	n := &e.loops[c.Loop().Index()].counters
	ok := n.charge(m, t, now, len(p), c.Inflated())
	if !m.command(t, now) {
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

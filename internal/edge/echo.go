package edge

import (
	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// echo is an endpoint that returns every message, for conformance tools. It always negotiates compression. A message is
// charged as a command; there is no error reply, so a connection above its rate is closed at once.
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
		c.Send(op, p) // reading the clock would be a tenth of the time of an echo
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

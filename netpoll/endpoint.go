//go:build !windows

package netpoll

import (
	"cmp"
	"time"

	"github.com/throngd/throng/frame"
)

// Endpoint is what the connections of one path speak: who is let in, the limits,
// and the callbacks.
//
// Every callback runs on the event loop that owns the connection. It must not
// block; []byte arguments are borrowed from the loop and valid until it returns.
// A panic in a callback closes that one connection with 1011 and is reported to
// [Server.OnError].
type Endpoint struct {
	// Path is compared with the request's path exactly. Empty matches every path;
	// the first endpoint that matches is used.
	Path string
	// Match restricts the endpoint to requests for which it returns true, for example those that offer a subprotocol
	// ([Request.Offered]) or have a query parameter. It is called on the loop before the request is checked any further,
	// and must not block. Nil matches every request.
	Match func(r *Request) bool

	// CheckOrigin decides about a request with an Origin header, which browsers send: false answers 403. Nil allows the
	// origins whose host and port are those of the Host header. [upgrade.AllowOrigins] makes a function of a list. It is
	// called on the loop and must not block; [Request.RemoteAddr] is the peer's address, that of a proxy if there is one.
	CheckOrigin func(r *Request) bool

	// Subprotocols are the values of Sec-WebSocket-Protocol that may be echoed.
	Subprotocols []string

	// MaxMessage bounds one message in bytes, on the wire and inflated
	// (close code 1009). 0 means 64 KiB.
	MaxMessage int

	// Compression accepts permessage-deflate (RFC 7692) without context takeover.
	Compression bool

	// PingInterval is the silence after which a connection is pinged. 0 means 25 s,
	// negative means never. Jitter only shortens it.
	PingInterval time.Duration
	// HoldPings leaves a connection without pings until [Conn.StartPings], for a protocol in
	// which the client speaks first: the application bounds the silence until then.
	HoldPings bool
	// PongTimeout is how long any frame of the peer may take after a ping before the
	// connection is closed with PongCode; longer while the peer still takes what was sent before
	// the ping. 0 means 10 s.
	PongTimeout time.Duration
	// PingFrame is the whole frame sent as a ping. Nil means a WebSocket ping (RFC 6455, 5.5.2).
	PingFrame []byte
	// PongCode is the close code for a silent peer. 0 means 1008.
	PongCode frame.CloseCode

	// MaxBacklog bounds the bytes a connection may owe its peer. 0 means 1 MiB.
	MaxBacklog int
	// MaxBacklogAge bounds the time in which a peer that is owed something takes nothing of it. What
	// counts is what its TCP has acknowledged; other systems than Linux know only what their own
	// kernel has taken. 0 means 30 s.
	MaxBacklogAge time.Duration
	// SlowCode is the close code beyond MaxBacklog or MaxBacklogAge. 0 means 1008.
	SlowCode frame.CloseCode
	// PauseBacklog bounds what a peer can have itself sent without reading: while its
	// [Conn.OwnBacklog] is larger than so many bytes, its messages are not read. They wait in its
	// socket until less than half of it is left. 0 means 128 KiB.
	PauseBacklog int

	// OnDrain is called when [Conn.OwnBacklog] has fallen to LowBacklog bytes or less after it was
	// more, at the end of that turn: the time to go on with an answer that is sent in parts, or
	// with work whose answer had to wait. It is called too when the kernel took the bytes at once,
	// those of the response to the upgrade included.
	OnDrain func(c *Conn)
	// LowBacklog is where OnDrain is called. 0 means that all must have left.
	LowBacklog int

	// OnDropped is called when a connection that was too slow for droppable messages (see
	// [Buffer.Droppable]) has caught up, or leaves the topic: it did not get n of that topic.
	// What it sends stands where the gap is: behind all that came before, ahead of all that
	// comes after.
	OnDropped func(c *Conn, topic string, n int)

	// Accept decides about a request that is a well-formed upgrade to this endpoint.
	// Nil accepts. A [*Reject] error names the status of the refusal, any other error
	// answers 403.
	Accept func(r *Request) error
	// Decide is called behind Accept where the decision needs another goroutine: a database, a webhook, a signature. It
	// must not block; whoever decides calls Accept or Reject of d, now or later, on any goroutine. Meanwhile the client
	// waits, and has a slot and about 2 KB. At most [Server.MaxDeciding] requests wait. Nil decides nothing.
	Decide func(d *Decision)
	// DecideTimeout is how long a request may wait for its decision; after that it is answered 504. 0 means 10 s.
	DecideTimeout time.Duration
	// OnOpen is called after the 101 has been laid out: what it sends follows it.
	OnOpen func(c *Conn)
	// OnMessage is called for every text and binary message.
	OnMessage func(c *Conn, op frame.Op, p []byte)
	// OnPing is called for every ping of the peer (RFC 6455, 5.5.2). The pong is sent by the loop: it follows what the
	// callback sends.
	OnPing func(c *Conn, p []byte)
	// OnPong is called for every pong of the peer (RFC 6455, 5.5.3): the answers to [Conn.Ping] and to the pings of
	// PingInterval, whose payload is empty, and pongs that nobody asked for.
	OnPong func(c *Conn, p []byte)
	// OnTimer is called when the timer that [Conn.SetTimer] has set expires.
	OnTimer func(c *Conn)
	// OnClose is called once for every connection that was opened, when it can no longer
	// send or receive.
	OnClose func(c *Conn, e CloseEvent)
}

// withDefaults returns e with every zero value replaced by its documented default.
func (e Endpoint) withDefaults() Endpoint {
	e.MaxMessage = cmp.Or(e.MaxMessage, 64<<10)
	e.PingInterval = cmp.Or(e.PingInterval, 25*time.Second)
	e.PongTimeout = cmp.Or(e.PongTimeout, 10*time.Second)
	e.DecideTimeout = cmp.Or(e.DecideTimeout, 10*time.Second)
	e.PongCode = cmp.Or(e.PongCode, frame.ClosePolicy)
	e.MaxBacklog = cmp.Or(e.MaxBacklog, 1<<20)
	e.MaxBacklogAge = cmp.Or(e.MaxBacklogAge, 30*time.Second)
	e.SlowCode = cmp.Or(e.SlowCode, frame.ClosePolicy)
	e.PauseBacklog = cmp.Or(e.PauseBacklog, 128<<10)
	return e
}

// preparePings encodes the pings once. Those of a client share a masking key: they are empty.
func (l *Loop) preparePings() {
	for _, e := range l.engine.endpoints {
		ping := e.PingFrame
		if ping == nil {
			ping = l.appendFrame(nil, frame.OpPing, nil)
		}
		l.pings = append(l.pings, ping)
	}
}

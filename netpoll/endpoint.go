//go:build !windows

package netpoll

import (
	"cmp"
	"time"

	"github.com/throngd/throng/frame"
)

// Endpoint has the settings of the connections of one path: the checks of the request, the limits, and the callbacks.
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
	// PongTimeout is the time within which a frame of the peer must arrive after a ping. Otherwise the connection is
	// closed with PongCode, but not while the peer still takes bytes that were sent before the ping. 0 means 10 s.
	PongTimeout time.Duration
	// PingFrame is the whole frame sent as a ping. Nil means a WebSocket ping (RFC 6455, 5.5.2).
	PingFrame []byte
	// PongCode is the close code for a peer from which no frame arrives within PongTimeout. 0 means 1008.
	PongCode frame.CloseCode

	// MaxBacklog bounds the backlog of a connection in bytes. 0 means 1 MiB.
	MaxBacklog int
	// MaxBacklogAge bounds the time for which a peer takes nothing of its backlog. A peer has taken the bytes that its
	// TCP has acknowledged; on systems other than Linux, those that the local kernel has taken. 0 means 30 s.
	MaxBacklogAge time.Duration
	// SlowCode is the close code beyond MaxBacklog or MaxBacklogAge. 0 means 1008.
	SlowCode frame.CloseCode
	// PauseBacklog bounds the replies to a peer that does not read them: while its [Conn.OwnBacklog] is larger than so
	// many bytes, its messages are not read. They wait in its socket until less than half of PauseBacklog is left. 0
	// means 128 KiB.
	PauseBacklog int

	// OnDrain is called at the end of a turn in which [Conn.OwnBacklog] has fallen to LowBacklog bytes or less: the
	// time to go on with an answer that is sent in parts, or with work whose answer had to wait. It is also called when
	// the kernel took the bytes at once, those of the response to the upgrade included.
	OnDrain func(c *Conn)
	// LowBacklog is the OwnBacklog at which OnDrain is called. 0 means that all bytes must have left.
	LowBacklog int

	// OnDropped is called when a connection that was too slow for droppable messages (see [Buffer.Droppable]) has
	// caught up, or leaves the topic: n messages of that topic were not sent to it. Messages that the callback sends
	// stand where the gap is: behind all earlier messages, ahead of all later ones.
	OnDropped func(c *Conn, topic string, n int)

	// Accept decides about a request that is a well-formed upgrade to this endpoint.
	// Nil accepts. A [*Reject] error names the status of the refusal, any other error
	// answers 403.
	Accept func(r *Request) error
	// Decide is called behind Accept where the decision needs another goroutine: a database, a webhook, a signature. It
	// must not block; Accept or Reject of d may be called later and on any goroutine. A client that waits takes a slot
	// and about 2 KB. At most [Server.MaxDeciding] requests wait. Nil decides nothing.
	Decide func(d *Decision)
	// DecideTimeout is how long a request may wait for its decision; after that it is answered 504. 0 means 10 s.
	DecideTimeout time.Duration
	// OnOpen is called after the 101 has been queued: messages that it sends follow the 101.
	OnOpen func(c *Conn)
	// OnMessage is called for every text and binary message.
	OnMessage func(c *Conn, op frame.Op, p []byte)
	// OnPing is called for every ping of the peer (RFC 6455, 5.5.2). The pong is sent by the loop: it follows what the
	// callback sends.
	OnPing func(c *Conn, p []byte)
	// OnPong is called for every pong of the peer (RFC 6455, 5.5.3): the answers to [Conn.Ping] and to the pings of
	// PingInterval, whose payload is empty, and unsolicited pongs.
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

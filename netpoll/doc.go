// Package netpoll is a WebSocket server and client on event loops. In spite of its name it is not a bare poller: it uses
// that of gnet, epoll on Linux and kqueue on macOS and the BSDs. It is made for very many connections: an idle one is a
// slot of 120 bytes in an array, with no goroutine, buffer, timer or map entry of its own.
//
// A [Server] runs event loops, each with a listener of its own. A connection belongs to one loop, which owns everything
// about it: the loop that accepted it; with an inherited listener the loop that its descriptor's number names; or the
// loop of the key that the request gave to [upgrade.Request.SetAffinity]. An open connection does not change its loop.
// The path of the request chooses its [Endpoint], which has the checks of the request, the limits, and the callbacks.
//
//	server := netpoll.Server{
//		Addr: ":8080",
//		Endpoints: []netpoll.Endpoint{{
//			OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
//		}},
//	}
//	log.Fatal(server.ListenAndServe())
//
// # Which goroutine
//
// Callbacks run on the loop of the connection and must not block, because all connections of the loop would wait. A *[Conn]
// must only be used there and must not be kept. A [Handle] may be kept: any goroutine posts operations on handles and topics
// to a loop as a [Batch] ([Loop.Post]), and an operation on a connection that is gone does nothing. Byte slices that a
// callback gets are borrowed until it returns.
//
// # Requests
//
// [Endpoint.CheckOrigin] and [Endpoint.Accept] decide about a request on the loop. A decision that needs a database or
// another service is taken elsewhere: [Endpoint.Decide] gets a [Decision], and any goroutine calls its Accept or Reject
// later. The loop serves other connections meanwhile, notices when the client goes away, and bounds how long and how many
// requests wait.
//
// # Topics
//
// A topic is a name with members ([Conn.Subscribe]). [Conn.Publish] and [Server.Publish] send a message, encoded once as a
// [Buffer], to every member on every loop. All messages that are pending for a topic leave together, with one system call
// per member. A member gets exactly the messages that were published during its membership, in order. Members on one loop
// all see the same order.
//
// # Slow peers
//
// The backlog of a connection is the queued bytes that its peer has not taken yet. It is kept as references to shared
// bytes, and bounded by [Endpoint.MaxBacklog] and [Endpoint.MaxBacklogAge]: beyond them the connection is closed with
// [Endpoint.SlowCode]. [Server.MaxBacklogMemory] bounds all backlogs together. A peer that does not read its replies is
// not read either ([Endpoint.PauseBacklog]). A producer that has more to send than a peer takes waits for
// [Endpoint.OnDrain]. Messages that are marked [Buffer.Droppable] may use half of MaxBacklog; beyond it they are
// dropped, and [Endpoint.OnDropped] tells their number when the backlog is empty.
//
// # Timers, pings and the end of a connection
//
// [Conn.SetTimer] has [Endpoint.OnTimer] called, one timer for each connection. The loop pings silent peers
// ([Endpoint.PingInterval]) and answers their pings; [Endpoint.OnPing], [Endpoint.OnPong] and [Conn.Ping] are for
// applications that measure or have pings of their own. [Endpoint.OnClose] gets a [CloseEvent] with the close code, the reason, who
// ended the connection and the cause. [Server.EachConn] visits the open connections.
//
// # Compression
//
// [Endpoint.Compression] negotiates permessage-deflate (RFC 7692) without context takeover, so a message is compressed once
// for all members of a topic. [Server.CompressMin] and [Server.CompressLevel] say from which size and how well.
//
// # Beside net/http
//
// A request that does not ask for a WebSocket leaves its loop and is served by [Server.HTTP] on a goroutine of its own,
// so that a service keeps one port for its mux and its WebSockets. [Server.AcceptHTTP] refuses requests before that costs
// anything, and [Server.MaxHTTP] bounds the connections. The timeouts are [Server.HTTPReadTimeout],
// [Server.HTTPWriteTimeout] and [Server.HTTPIdleTimeout], by default those of a port that faces the internet: 10 s to
// send a request, 30 s for the response, no keep-alive. A handler of server-sent events or of large uploads sets deadlines
// of its own by [net/http.ResponseController]; Hijack works as well. Connections that net/http keeps stay with it.
//
// # Inside another server
//
// A service that has its own port and mux uses a Server with [Server.NoListener]: [Server.UpgradeHTTP] in a handler of
// net/http upgrades the request, and [Server.ServeConn] takes a net.Conn that was accepted elsewhere. [Server.Listener]
// serves a listener that exists, of TCP or a Unix socket. The limits and callbacks are the same. The loop owns the socket
// from then on. A connection whose TLS session belongs to crypto/tls cannot be taken over.
//
// [Conn.RemoteAddr], [Conn.LocalAddr], [Conn.TLS] and [Conn.Subprotocol] describe a connection.
//
// # Client
//
// A [Client] runs loops without a listener, and [Loop.Dial] opens connections on them: TCP, TLS and the upgrade, each with
// a deadline, a bounded number at a time. They are the same slots with the same callbacks. Every dial ends with OnOpen,
// where [Conn.Dialed] returns the duration of each phase, or with [Client.OnDialError]. A client masks each frame that it
// sends, so it has no topics; a load generator masks once and uses [Conn.SendRaw].
//
//	client := netpoll.Client{Endpoint: netpoll.Endpoint{
//		OnOpen:    func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello")) },
//		OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { fmt.Printf("%s\n", p) },
//	}}
//	dialer, err := netpoll.NewDialer(ctx, "ws://localhost:8080/")
//	...
//	err = client.Start()
//	err = client.Dial(dialer, nil)
//
// # Errors
//
// A peer that breaks the protocol gets a close frame that says why (RFC 6455, 7.4), and no other connection notices. A
// panic in a callback closes its connection with 1011. When accept runs out of descriptors the listener pauses, and open
// connections are served on.
//
// # Caveats
//
// Windows is not supported. gnet's build tag poll_opt must not be set. The loops are made for many connections with little
// work each: a handler that computes or waits belongs on a goroutine of the application, which posts the result.
//
// # Reading the source
//
// A loop (loop.go) handles events; what it does with a connection depends on its phase (phase.go). Connections come and go
// as parcels (parcel.go). engine.go has what a server and a client share.
package netpoll

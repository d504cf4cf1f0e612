// Package netpoll is WebSocket on event loops, server and client: epoll on Linux, kqueue on macOS and
// the BSDs, through the poller of gnet. It holds a very large number of connections, because
// an idle one is a slot of 120 bytes in an array and nothing else: no goroutine, no buffer, no
// timer, no map entry.
//
// A [Server] listens and runs [Server.Loops] loops, each with a listener of its own. A
// connection belongs to one loop from the answer to its upgrade request on: the loop that accepted
// it, or the one that [upgrade.Request.SetAffinity] asks for. What it speaks is an [Endpoint], chosen by the path
// of the request: who is let in, limits, and callbacks.
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
// Callbacks run on the connection's loop and must not block: they hold up everybody on it.
// A *[Conn] must only be used there and must not be kept. What may be kept is its [Handle]:
// from any goroutine, [Loop.Post] hands a loop a [Batch] of operations on handles and topics,
// and an operation on a connection that is gone does nothing. Byte slices given to callbacks
// are borrowed until they return.
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
// A topic is a name with members ([Conn.Subscribe]). [Conn.Publish] and [Server.Publish] send
// a message, encoded once as a [Buffer], to every member on every loop. All messages that
// are pending for a topic leave together with one system call for each member. A member gets
// exactly what was published during its membership, in order; members on one loop all see
// the same order.
//
// # Slow peers
//
// What a peer does not take is kept as references to shared bytes, bounded by
// [Endpoint.MaxBacklog] and [Endpoint.MaxBacklogAge]. Beyond it the connection is closed with
// [Endpoint.SlowCode]. All backlogs together are bounded by [Server.MaxBacklogMemory]. A peer that does not read its replies is not read either
// ([Endpoint.PauseBacklog]), and a producer that has more to send than a peer takes goes on when
// [Endpoint.OnDrain] says that it has caught up.
// Messages marked [Buffer.Droppable] have half of that room: beyond it they are counted instead,
// and [Endpoint.OnDropped] says how many when the peer has caught up.
//
// # Beside net/http
//
// A request that does not ask for a WebSocket leaves its loop and is served by [Server.HTTP] on a goroutine of its own,
// so that a service keeps one port for its mux and its WebSockets. [Server.AcceptHTTP] refuses requests before that costs
// anything, and [Server.MaxHTTP] bounds the connections. The timeouts are [Server.HTTPReadTimeout],
// [Server.HTTPWriteTimeout] and [Server.HTTPIdleTimeout], by default those of a port that faces the internet: 10 s to
// send a request, 30 s for the answer, no keep-alive. A handler of server-sent events or of large uploads sets deadlines
// of its own by [net/http.ResponseController]; Hijack works as well. Connections that net/http keeps stay with it.
//
// # Client
//
// A [Client] runs loops without a listener, and [Loop.Dial] opens connections on them: TCP, TLS
// and the upgrade, each with a deadline, a bounded number at a time. They are the same slots
// with the same callbacks. Every dial ends with OnOpen, where [Conn.Dialed] tells the duration of
// each phase, or with [Client.OnDialError]. What a client sends is masked for each frame, so it
// has no topics; a load generator masks once and uses [Conn.SendRaw].
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
// A peer that breaks the protocol gets a close frame that says why (RFC 6455, 7.4) and costs
// only its own connection; so does a panic in a callback. When accept runs out of descriptors
// the listener shouldPause and everyone connected is served on.
//
// # Caveats
//
// Windows is not supported. gnet's build tag poll_opt must not be set. The loops are made for
// many connections with little work each: a handler that computes or waits belongs on a
// goroutine of the application, which answers by Post.
package netpoll

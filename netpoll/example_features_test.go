//go:build !windows

package netpoll_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// dial opens a WebSocket to server; send and receive are one text message.
func dial(server *netpoll.Server, path string) *websocket.Conn {
	c, _, err := websocket.Dial(context.Background(), "ws://"+server.ListenAddr().String()+path, nil)
	if err != nil {
		panic(err)
	}
	return c
}

func send(c *websocket.Conn, text string) {
	_ = c.Write(context.Background(), websocket.MessageText, []byte(text))
}

func receive(c *websocket.Conn) string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, p, err := c.Read(ctx)
	if err != nil {
		return fmt.Sprint("closed with ", int(websocket.CloseStatus(err)))
	}
	return string(p)
}

// Connections join the topic that their URL names, and each message goes to the members of its sender's topic.
func ExampleConn_Subscribe() {
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		Accept: func(r *netpoll.Request) error {
			r.SetContext(r.Path())
			return nil
		},
		OnOpen: func(c *netpoll.Conn) {
			c.Subscribe(c.Context().(string))
			c.Send(frame.OpText, []byte("joined"))
		},
		OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) {
			c.Publish(c.Context().(string), netpoll.NewBuffer(op, p))
		},
	}}}
	defer serve(server)()

	ann, bob, eve := dial(server, "/tea"), dial(server, "/tea"), dial(server, "/coffee")
	fmt.Println(receive(ann), receive(bob), receive(eve))
	send(ann, "the kettle is on")
	send(eve, "espresso")
	fmt.Println(receive(bob))
	fmt.Println(receive(eve))
	// Output:
	// joined joined joined
	// the kettle is on
	// espresso
}

// On SIGTERM the server accepts no more, closes its connections spread over a time, and ends.
func ExampleServer_Drain() {
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello")) },
	}}}
	defer serve(server)()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	c := dial(server, "/")
	fmt.Println(receive(c))
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // as the service manager would

	<-ctx.Done()
	server.StopAccepting()
	go func() {
		limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = server.Drain(limit, 100*time.Millisecond, frame.CloseRestart, "come back")
		_ = server.Shutdown(limit)
	}()
	fmt.Println(receive(c))
	// Output:
	// hello
	// closed with 1012
}

// The certificate usually comes from tls.LoadX509KeyPair, or from GetCertificate where it changes.
func ExampleServer_tLS() {
	borrowed := httptest.NewUnstartedServer(nil) // has a certificate for tests
	borrowed.StartTLS()
	defer borrowed.Close()

	server := &netpoll.Server{
		TLS: borrowed.TLS,
		Endpoints: []netpoll.Endpoint{{
			OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello over TLS")) },
		}},
	}
	defer serve(server)()

	client := borrowed.Client()
	defer client.CloseIdleConnections()
	c, _, err := websocket.Dial(context.Background(), "wss://"+server.ListenAddr().String(), &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	fmt.Println(receive(c))
	// Output: hello over TLS
}

// A goroutine of the application builds a batch for the loop of a connection: its operations are carried out in order.
func ExampleBatch() {
	opened := make(chan *netpoll.Loop, 1)
	var handle netpoll.Handle
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		OnOpen: func(c *netpoll.Conn) {
			handle = c.Handle()
			opened <- c.Loop()
		},
	}}}
	defer serve(server)()
	c := dial(server, "/")

	loop := <-opened
	b := loop.NewBatch()
	b.Subscribe(handle, "news", netpoll.NewBuffer(frame.OpText, []byte("you are a member")))
	b.Publish("news", netpoll.NewBuffer(frame.OpText, []byte("first message")))
	b.Call(handle, func(c *netpoll.Conn) { c.Send(frame.OpText, fmt.Appendf(nil, "you owe %d bytes", c.Backlog())) })
	b.Unsubscribe(handle, "news", netpoll.NewBuffer(frame.OpText, []byte("no longer a member")))
	b.Close(handle, 4000, "done")
	loop.Post(b)

	for range 5 {
		fmt.Println(receive(c))
	}
	// Unordered output:
	// you are a member
	// first message
	// you owe 18 bytes
	// no longer a member
	// closed with 4000
}

// Limits hold before a callback is called: a message that is too long closes its connection, a connection too many gets a
// status.
func ExampleServer_limits() {
	server := &netpoll.Server{
		MaxConnsPerIP:  2,                // 0: no bound
		MaxConns:       50_000,           // of the process
		MessageTimeout: 10 * time.Second, // for the parts of one message
		Endpoints: []netpoll.Endpoint{{
			MaxMessage:    1 << 10,
			MaxBacklog:    256 << 10,        // the largest backlog of a peer in bytes,
			MaxBacklogAge: 10 * time.Second, // and for how long it may take nothing
			PingInterval:  20 * time.Second,
			PongTimeout:   5 * time.Second,
		}},
	}
	defer serve(server)()

	one, two := dial(server, "/"), dial(server, "/")
	connect("ws://"+server.ListenAddr().String(), nil)
	send(one, string(make([]byte, 2<<10)))
	fmt.Println(receive(one))
	_ = two.CloseNow()
	// Output:
	// 429 Too Many Requests
	// closed with 1009
}

// Stats are numbers for a metrics handler; nothing is counted by a lock on the path of a message.
func ExampleServer_Stats() {
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
	}}}
	defer serve(server)()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		st := server.Stats()
		fmt.Fprintln(w, "connections", st.Conns)
		fmt.Fprintln(w, "messages_in_total", st.MessagesIn)
		fmt.Fprintln(w, "messages_out_total", st.MessagesOut)
		fmt.Fprintln(w, "upgrade_seconds_count", st.Upgrade.Count())
	})

	c := dial(server, "/")
	for range 3 {
		send(c, "hello")
		receive(c)
	}
	scrape := httptest.NewRecorder()
	metrics(scrape, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	fmt.Print(scrape.Body)
	_ = c.CloseNow()
	// Output:
	// connections 1
	// messages_in_total 3
	// messages_out_total 3
	// upgrade_seconds_count 1
}

// A connection that sends no message within a time after it was opened is closed.
func ExampleConn_SetTimer() {
	server := &netpoll.Server{
		Tick: 10 * time.Millisecond, // 1 s by default: finer than most timers need
		Endpoints: []netpoll.Endpoint{{
			OnOpen: func(c *netpoll.Conn) { c.SetTimer(50 * time.Millisecond) },
			OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) {
				c.SetTimer(0) // the client has sent its first message
				c.Send(op, p)
			},
			OnTimer: func(c *netpoll.Conn) { c.Close(4001, "say hello first") },
		}},
	}
	defer serve(server)()

	polite, silent := dial(server, "/"), dial(server, "/")
	send(polite, "hello")
	fmt.Println(receive(polite))
	fmt.Println(receive(silent))
	_ = polite.CloseNow()
	// Output:
	// hello
	// closed with 4001
}

// A ping that carries the time measures the round trip to the peer.
func ExampleConn_Ping() {
	measured := make(chan time.Duration, 1)
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		OnOpen: func(c *netpoll.Conn) {
			now, _ := time.Now().MarshalBinary()
			c.Ping(now)
		},
		OnPong: func(_ *netpoll.Conn, p []byte) {
			var sent time.Time
			if sent.UnmarshalBinary(p) == nil { // not the pong of another ping
				measured <- time.Since(sent)
			}
		},
	}}}
	defer serve(server)()

	c := dial(server, "/")
	reading := c.CloseRead(context.Background()) // answers pings
	fmt.Println(<-measured > 0)
	_ = c.CloseNow()
	<-reading.Done()
	// Output: true
}

// OnClose tells who ended the connection and why.
func ExampleCloseEvent() {
	closed := make(chan netpoll.CloseEvent, 1)
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		MaxMessage: 10,
		OnClose:    func(_ *netpoll.Conn, e netpoll.CloseEvent) { closed <- e },
	}}}
	defer serve(server)()

	c := dial(server, "/")
	send(c, "longer than ten bytes")
	e := <-closed
	fmt.Println(e.Code, e.Remote, e.Err)
	_ = c.CloseNow()

	c = dial(server, "/")
	go func() { _ = c.Close(websocket.StatusGoingAway, "bye") }()
	e = <-closed
	fmt.Println(e.Code, e.Reason, e.Remote, e.Err)
	// Output:
	// 1009 false frame: message too big (close 1009)
	// 1001 bye true <nil>
}

// Every open connection gets a notice about the maintenance, each on its own loop.
func ExampleServer_EachConn() {
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello")) },
	}}}
	defer serve(server)()
	ann, bob := dial(server, "/"), dial(server, "/")
	fmt.Println(receive(ann), receive(bob))

	notice := netpoll.NewBuffer(frame.OpText, []byte("maintenance at 22:00"))
	var told atomic.Int32
	err := server.EachConn(context.Background(), func(c *netpoll.Conn) {
		c.SendBuffer(notice)
		told.Add(1)
	})
	fmt.Println(told.Load(), err)
	fmt.Println(receive(ann))
	fmt.Println(receive(bob))
	// Output:
	// hello hello
	// 2 <nil>
	// maintenance at 22:00
	// maintenance at 22:00
}

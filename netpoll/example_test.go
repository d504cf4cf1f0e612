//go:build !windows

package netpoll_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// A server that sends every message to all connections.
func Example() {
	server := &netpoll.Server{
		Addr: "127.0.0.1:0",
		Endpoints: []netpoll.Endpoint{{
			OnOpen:    func(c *netpoll.Conn) { c.Subscribe("everybody") },
			OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Publish("everybody", netpoll.NewBuffer(op, p)) },
		}},
	}
	if err := server.Listen(); err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- server.Serve() }()

	ctx := context.Background()
	c, _, err := websocket.Dial(ctx, "ws://"+server.ListenAddr().String(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = c.Write(ctx, websocket.MessageText, []byte("hello"))
	_, p, _ := c.Read(ctx)
	fmt.Println(string(p))
	_ = c.Close(websocket.StatusNormalClosure, "")
	_ = server.Shutdown(ctx)
	fmt.Println(<-served)
	// Output:
	// hello
	// netpoll: server closed
}

// A client says hello to a server and hears it back.
func ExampleClient() {
	server := &netpoll.Server{
		Addr: "127.0.0.1:0",
		Endpoints: []netpoll.Endpoint{{
			OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
		}},
	}
	if err := server.Listen(); err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- server.Serve() }()

	ctx := context.Background()
	over := make(chan struct{})
	client := &netpoll.Client{
		Endpoint: netpoll.Endpoint{
			OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello")) },
			OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) {
				fmt.Println(string(p))
				c.Close(frame.CloseNormal, "")
			},
			OnClose: func(c *netpoll.Conn, e netpoll.CloseEvent) { close(over) },
		},
		OnDialError: func(e *netpoll.DialError) { fmt.Println(e); close(over) },
	}
	dialer, err := netpoll.NewDialer(ctx, "ws://"+server.ListenAddr().String())
	if err == nil {
		err = client.Start()
	}
	if err == nil {
		err = client.Dial(dialer, nil)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	<-over
	_ = client.Shutdown(ctx)
	_ = server.Shutdown(ctx)
	fmt.Println(<-served)
	// Output:
	// hello
	// netpoll: server closed
}

// Another goroutine reaches a connection through its handle.
func ExampleLoop_Post() {
	var loop *netpoll.Loop
	var someone netpoll.Handle // from Conn.Handle, kept by the application
	later := func() {
		b := loop.NewBatch()
		b.Send(someone, netpoll.NewBuffer(frame.OpText, []byte("your report is ready")))
		loop.Post(b) // nothing happens if the connection is gone
	}
	_ = later
}

// A service with a mux shares its port: everything but the WebSockets goes to net/http.
func ExampleServer_hTTP() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		_ = c.SetWriteDeadline(time.Time{}) // a stream has no end of its own
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = c.Flush()
		}
	})
	server := netpoll.Server{
		Addr: "127.0.0.1:0",
		HTTP: mux,
		Endpoints: []netpoll.Endpoint{{
			Path:      "/ws",
			OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
		}},
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	go server.Serve()
	defer server.Close()
	for _, path := range []string{"/hello", "/events"} {
		resp, err := http.Get("http://" + server.ListenAddr().String() + path)
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Printf("%s\n", bytes.TrimSpace(body))
	}
	// Output:
	// hello
	// data: 0
	//
	// data: 1
	//
	// data: 2
}

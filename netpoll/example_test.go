//go:build !windows

package netpoll_test

import (
	"context"
	"fmt"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// A server that sends every message to all who are connected.
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
			OnClose: func(c *netpoll.Conn, code frame.CloseCode, reason string) { close(over) },
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

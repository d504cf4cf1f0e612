//go:build !windows

package netpoll_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// serve runs a server until the result is called.
func serve(server *netpoll.Server) (stop func()) {
	server.Addr = "127.0.0.1:0"
	if err := server.Listen(); err != nil {
		panic(err)
	}
	served := make(chan error)
	go func() { served <- server.Serve() }()
	return func() {
		_ = server.Close()
		<-served
	}
}

// connect opens a WebSocket and prints the first message, or the status of the response.
func connect(url string, header http.Header) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, response, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		fmt.Println(response.Status)
		return
	}
	defer func() { _ = c.CloseNow() }()
	_, p, _ := c.Read(ctx)
	fmt.Println(string(p))
}

// Accept decides about a request by its cookie and gives the connection a context.
func ExampleReject() {
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		Accept: func(r *netpoll.Request) error {
			cookies, err := http.ParseCookie(r.Header("Cookie"))
			if err != nil || cookies[0].Name != "user" {
				return &netpoll.Reject{Status: http.StatusUnauthorized, Reason: "no session"}
			}
			r.SetContext(cookies[0].Value)
			return nil
		},
		OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello "+c.Context().(string))) },
	}}}
	defer serve(server)()

	url := "ws://" + server.ListenAddr().String()
	connect(url, http.Header{"Cookie": {"user=ann"}})
	connect(url, nil)
	// Output:
	// hello ann
	// 401 Unauthorized
}

// The decision about a request needs a database: it is taken on another goroutine, while the loop serves the others.
func ExampleDecision() {
	lookUp := func(ctx context.Context, token string) (user string, err error) { // takes its time
		if token != "secret" {
			return "", &netpoll.Reject{Status: http.StatusUnauthorized}
		}
		return "ann", ctx.Err()
	}
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		DecideTimeout: 5 * time.Second,
		Decide: func(d *netpoll.Decision) {
			go func() {
				user, err := lookUp(d.Context(), d.Request().Header("Authorization")) // ends when the client goes away
				if err != nil {
					d.Reject(err)
					return
				}
				d.Request().SetContext(user)
				d.Accept()
			}()
		},
		OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello "+c.Context().(string))) },
	}}}
	defer serve(server)()

	url := "ws://" + server.ListenAddr().String()
	connect(url, http.Header{"Authorization": {"secret"}})
	connect(url, http.Header{"Authorization": {"guess"}})
	// Output:
	// hello ann
	// 401 Unauthorized
}

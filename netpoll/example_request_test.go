//go:build !windows

package netpoll_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
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
func connect(url string, header http.Header, subprotocols ...string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, response, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header, Subprotocols: subprotocols})
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

// A service with a mux keeps its port: one of its paths is a WebSocket.
func ExampleServer_UpgradeHTTP() {
	server := &netpoll.Server{
		NoListener: true,
		Endpoints: []netpoll.Endpoint{{
			OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello from a loop")) },
		}},
	}
	defer serve(server)()

	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		if err := server.UpgradeHTTP(w, r); err != nil { // the client has its answer
			fmt.Println(err)
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a page") })
	service := httptest.NewServer(mux)
	defer service.Close()

	connect("ws"+strings.TrimPrefix(service.URL, "http")+"/ws", nil)
	page, _ := http.Get(service.URL)
	text, _ := io.ReadAll(page.Body)
	fmt.Println(string(text))
	// Output:
	// hello from a loop
	// a page
}

// A listener of the application's own hands its connections to the loops.
func ExampleServer_ServeConn() {
	server := &netpoll.Server{
		NoListener: true,
		Endpoints: []netpoll.Endpoint{{
			OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello")) },
		}},
	}
	defer serve(server)()

	ln, _ := net.Listen("tcp", "127.0.0.1:0")
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			if err := server.ServeConn(conn); err != nil {
				_ = conn.Close()
			}
		}
	}()
	connect("ws://"+ln.Addr().String(), nil)
	// Output: hello
}

// A server at a Unix socket, behind a proxy on the same machine.
func ExampleServer_listener() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "ws.sock")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &netpoll.Server{
		Listener: ln, // the server closes it
		Endpoints: []netpoll.Endpoint{{
			OnOpen: func(c *netpoll.Conn) { c.Send(frame.OpText, []byte("hello "+c.RemoteAddr().Addr().String())) },
		}},
	}
	defer serve(server)()

	proxy := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) },
	}}
	ctx := context.Background()
	c, _, err := websocket.Dial(ctx, "ws://chat.example/", &websocket.DialOptions{
		HTTPClient: proxy, HTTPHeader: http.Header{"X-Forwarded-For": {"203.0.113.9"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.CloseNow() }()
	_, p, _ := c.Read(ctx)
	fmt.Println(string(p))
	// Output: hello 203.0.113.9
}

// A connection returns the subprotocol that was negotiated, its addresses, and its TLS session.
func ExampleConn_Subprotocol() {
	server := &netpoll.Server{Endpoints: []netpoll.Endpoint{{
		Subprotocols: []string{"chat.v2", "chat.v1"},
		OnOpen: func(c *netpoll.Conn) {
			c.Send(frame.OpText, []byte(fmt.Sprint(c.Subprotocol(), ", local port known: ", c.LocalAddr().Port() != 0, ", TLS: ", c.TLS() != nil)))
		},
	}}}
	defer serve(server)()
	connect("ws://"+server.ListenAddr().String(), nil, "chat.v1")
	// Output: chat.v1, local port known: true, TLS: false
}

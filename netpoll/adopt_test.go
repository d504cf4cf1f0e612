//go:build !windows

package netpoll

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
)

// listenerOf accepts connections for s at network and addr until the test ends.
func listenerOf(t *testing.T, s *Server, network, addr string) net.Listener {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = ln.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			if err := s.ServeConn(c); err != nil {
				t.Errorf("ServeConn: %v", err)
			}
			if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the connection can still be used: %v", err)
			}
		}
	}()
	return ln
}

func TestServeConn(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "TLS"} {
		t.Run(network, func(t *testing.T) {
			s := &Server{Loops: 2, NoListener: true, Endpoints: []Endpoint{echo()}}
			if network == "TLS" {
				s.TLS = tlsConfig()
			}
			start(t, s)
			var c net.Conn
			var err error
			if network == "unix" {
				ln := listenerOf(t, s, "unix", filepath.Join(t.TempDir(), "s"))
				c, err = net.Dial("unix", ln.Addr().String())
			} else {
				ln := listenerOf(t, s, "tcp", "127.0.0.1:0")
				c, err = net.Dial("tcp", ln.Addr().String())
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.TLS != nil {
				c = tls.Client(c, clientTLS(0))
			}
			upgradeOn(t, c, "/", "")
			for _, text := range []string{"one", "two"} {
				if _, err := c.Write(masked(frame.OpText, []byte(text))); err != nil {
					t.Fatal(err)
				}
				if got := texts(t, c, 1)[0]; got != text {
					t.Errorf("%q", got)
				}
			}
			_ = c.Close()
			eventually(t, "the connection is gone", func() bool { return s.NumConns() == 0 })
		})
	}
}

// TestServeConnErrorLeavesConnectionToCaller: after an error the connection is the caller's, unchanged.
func TestServeConnErrorLeavesConnectionToCaller(t *testing.T) {
	s := start(t, &Server{Loops: 1, NoListener: true, Endpoints: []Endpoint{echo()}})
	near, far := net.Pipe()
	client := tls.Client(near, clientTLS(0))
	server := tls.Server(far, tlsConfig())
	for _, c := range []net.Conn{server, far} {
		if err := s.ServeConn(c); err == nil {
			t.Fatalf("a %T is taken", c)
		}
	}
	done := make(chan error, 1)
	go func() { _, err := server.Write([]byte("hello")); done <- err }()
	b := make([]byte, 5)
	if _, err := io.ReadFull(client, b); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	_ = near.Close()
	_ = far.Close()
	if n := s.NumConns(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

// muxed is an http.Server with a mux, whose /ws/ is served by s.
func muxed(t *testing.T, s *Server) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") })
	mux.HandleFunc("/ws/", func(w http.ResponseWriter, r *http.Request) { _ = s.UpgradeHTTP(w, r) })
	h := httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return h
}

func TestUpgradeHTTP(t *testing.T) {
	s := start(t, &Server{Loops: 2, NoListener: true, Endpoints: []Endpoint{
		{Path: "/ws/echo", OnMessage: echo().OnMessage, Subprotocols: []string{"v1"}},
		{Path: "/ws/no", Accept: func(*Request) error { return &Reject{Status: 402} }},
	}})
	h := muxed(t, s)
	url := "ws" + strings.TrimPrefix(h.URL, "http")
	for range 5 {
		c, _, err := websocket.Dial(testCtx(t), url+"/ws/echo?a=b", &websocket.DialOptions{Subprotocols: []string{"v1"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Subprotocol(); got != "v1" {
			t.Errorf("subprotocol %q", got)
		}
		say(t, c, "hello")
		hear(t, c, "hello")
		if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
	}
	for path, want := range map[string]int{"/ws/no": 402, "/ws/nowhere": 404} {
		_, res, err := websocket.Dial(testCtx(t), url+path, nil)
		if err == nil || res.StatusCode != want {
			t.Errorf("%s: %v, want %d", path, err, want)
		}
	}
	_, res, err := websocket.Dial(testCtx(t), url+"/ws/echo", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
	if err == nil || res.StatusCode != 403 {
		t.Errorf("another origin: %v", err)
	}
	for path, want := range map[string]int{"/page": 200, "/ws/echo": 426} {
		res, err := http.Get(h.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestUpgradeHTTPKeepsWhatIsBuffered: frames that net/http has read behind the request are the first messages.
func TestUpgradeHTTPKeepsWhatIsBuffered(t *testing.T) {
	s := start(t, &Server{Loops: 1, NoListener: true, Endpoints: []Endpoint{echo()}})
	h := muxed(t, s)
	c, err := net.Dial("tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	first, second := masked(frame.OpText, []byte("first")), masked(frame.OpText, []byte("second"))
	fmt.Fprintf(c, "GET /ws/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n%s%s", first, second[:3])
	r := bufio.NewReader(c)
	if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 101 {
		t.Fatalf("%v, %v", res, err)
	}
	if got := texts(t, r, 1)[0]; got != "first" {
		t.Errorf("%q", got)
	}
	if _, err := c.Write(second[3:]); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, r, 1)[0]; got != "second" {
		t.Errorf("%q", got)
	}
}

// TestUpgradeHTTPAnswersErrors of connections that cannot be taken over.
func TestUpgradeHTTPAnswersErrors(t *testing.T) {
	s := start(t, &Server{Loops: 1, NoListener: true, Endpoints: []Endpoint{echo()}})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.UpgradeHTTP(w, r); err == nil {
			t.Error("no error")
		}
	})
	secure := httptest.NewTLSServer(handler)
	defer secure.Close()
	_, res, err := websocket.Dial(testCtx(t), "wss"+strings.TrimPrefix(secure.URL, "https"), &websocket.DialOptions{HTTPClient: secure.Client()})
	if err == nil || res.StatusCode != 501 {
		t.Errorf("TLS: %v", err)
	}
	plain := httptest.NewServer(handler)
	defer plain.Close()
	_ = s.Close()
	_, res, err = websocket.Dial(testCtx(t), "ws"+strings.TrimPrefix(plain.URL, "http"), nil)
	if err == nil || res.StatusCode != 503 {
		t.Errorf("closed: %v", err)
	}
	near, _ := net.Pipe()
	defer near.Close()
	if err := s.ServeConn(near); !errors.Is(err, ErrServerClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestAdoptedConnectionsCount: adopted connections count against the limits of the server, and Shutdown closes them.
func TestAdoptedConnectionsCount(t *testing.T) {
	for _, s := range []*Server{{}, {TLS: tlsConfig()}} {
		t.Run(fmt.Sprint("TLS ", s.TLS != nil), func(t *testing.T) { testAdoptedConnectionsCount(t, s) })
	}
}

func testAdoptedConnectionsCount(t *testing.T, s *Server) {
	s.Loops, s.NoListener, s.MaxConns, s.Endpoints = 1, true, 1, []Endpoint{echo()}
	start(t, s)
	url := "ws" + strings.TrimPrefix(muxed(t, s).URL, "http") + "/ws/"
	c, _, err := websocket.Dial(testCtx(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	_, res, err := websocket.Dial(testCtx(t), url, nil)
	if err == nil || res.StatusCode != 503 {
		t.Errorf("one too many: %v", err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Shutdown(testCtx(t)) }()
	hearClose(t, c, websocket.StatusGoingAway)
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

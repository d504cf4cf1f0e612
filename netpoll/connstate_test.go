//go:build !windows

package netpoll

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
)

// TestConnTellsItsSubprotocol for as long as it is open, on the endpoint of its path.
func TestConnTellsItsSubprotocol(t *testing.T) {
	tell := func(c *Conn, _ frame.Op, p []byte) {
		c.Send(frame.OpText, []byte(string(p)+" "+c.Subprotocol()+" of "+strings.Join(c.loop.endpointOf(c).Subprotocols, ",")))
	}
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{
		{Path: "/one", Subprotocols: []string{"a", "b"}, OnMessage: tell},
		{Path: "/none", OnMessage: tell},
		{Path: "/two", Subprotocols: []string{"b", "c"}, OnMessage: tell},
	}})
	for _, tt := range []struct{ path, offered, want string }{
		{"/one", "b", "? b of a,b"}, {"/one", "", "?  of a,b"}, {"/one", "x", "?  of a,b"}, {"/one", "a", "? a of a,b"},
		{"/none", "a", "?  of "}, {"/two", "x,c", "? c of b,c"}, {"/two", "b", "? b of b,c"},
	} {
		var offered []string
		if tt.offered != "" {
			offered = strings.Split(tt.offered, ",")
		}
		c, _, err := websocket.Dial(testCtx(t), s.url(tt.path), &websocket.DialOptions{Subprotocols: offered})
		if err != nil {
			t.Fatal(err)
		}
		say(t, c, "?")
		hear(t, c, tt.want)
		_ = c.CloseNow()
	}
}

// TestEndpointsAreBounded: a connection has its endpoint and subprotocol as one byte, so their number is bounded.
func TestEndpointsAreBounded(t *testing.T) {
	for n, ok := range map[int]bool{255: true, 256: false} {
		s := &Server{Addr: "127.0.0.1:0", Loops: 1, Endpoints: []Endpoint{{Subprotocols: make([]string, n)}}}
		if err := s.Listen(); (err == nil) != ok {
			t.Errorf("%d subprotocols: %v", n, err)
		}
		_ = s.Close()
	}
}

func TestConnTellsItsAddressesAndTLS(t *testing.T) {
	for _, secure := range []bool{false, true} {
		server, want := &Server{Loops: 1}, "no TLS"
		if secure {
			server.TLS, want = tlsConfig(), "TLS 1.3 http/1.1 localhost"
		}
		server.Endpoints = []Endpoint{{OnMessage: func(c *Conn, op frame.Op, _ []byte) {
			got := "no TLS"
			if state := c.TLS(); state != nil {
				got = tls.VersionName(state.Version) + " " + state.NegotiatedProtocol + " " + state.ServerName
			}
			c.Send(op, []byte(got+" "+c.LocalAddr().String()+" "+c.RemoteAddr().String()))
		}}}
		s := start(t, server)
		var c net.Conn
		if secure {
			cfg := clientTLS(0)
			cfg.ServerName, cfg.NextProtos, cfg.InsecureSkipVerify = "localhost", []string{"http/1.1"}, true
			plain, err := net.Dial("tcp", s.ListenAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			c = upgradeOn(t, tls.Client(plain, cfg), "/", "")
		} else {
			c = raw(t, s, "/", "")
		}
		if _, err := c.Write(masked(frame.OpText, nil)); err != nil {
			t.Fatal(err)
		}
		if got := texts(t, c, 1)[0]; got != want+" "+s.ListenAddr().String()+" "+c.LocalAddr().String() {
			t.Errorf("%q", got)
		}
	}
}

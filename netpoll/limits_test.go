//go:build !windows

package netpoll

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// TestLimitsAreCounted has a peer for each bound reach it: that bound is counted once, and no other one is.
func TestLimitsAreCounted(t *testing.T) {
	const short = 100 * time.Millisecond
	held := make(chan bool)
	defer close(held)
	hold := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-held })
	for _, c := range []struct {
		name   string
		server *Server
		change func(*Endpoint)
		says   string // instead of an upgrade
		sends  []byte // after the upgrade
		silent bool   // sends nothing
		stalls bool   // does not read
		want   Limits
	}{
		{name: "header", server: &Server{HeaderTimeout: short}, says: "GET / HT", want: Limits{HeaderTimeout: 1}},
		{name: "PROXY header", server: &Server{HeaderTimeout: short, ProxyProtocol: true}, says: "PROX", want: Limits{HeaderTimeout: 1}},
		{name: "ClientHello", server: &Server{TLS: tlsConfig(), HelloTimeout: short}, says: "\x16\x03", want: Limits{HelloTimeout: 1}},
		{name: "silence", server: &Server{TLS: tlsConfig(), HelloTimeout: short}, says: "", silent: true, want: Limits{HelloTimeout: 1}},
		{name: "handshake", server: &Server{TLS: tlsConfig(), TLSHandshakeTimeout: short}, says: string(clientHello()), want: Limits{TLSHandshakeTimeout: 1}},
		{name: "HTTP", server: &Server{HTTP: hold, MaxHTTP: 1}, says: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", want: Limits{MaxHTTP: 1}},
		{name: "message time", server: &Server{MessageTimeout: short}, sends: masked(frame.OpText, []byte("cut"))[:7], want: Limits{MessageTimeout: 1}},
		{name: "message", sends: masked(frame.OpText, make([]byte, 64<<10+1))[:14], want: Limits{MaxMessage: 1}},
		{name: "fragments", server: &Server{MaxFragments: 2}, sends: append([]byte("\x01\x80\x00\x00\x00\x00"), bytes.Repeat([]byte("\x00\x80\x00\x00\x00\x00"), 20)...), want: Limits{MaxFragments: 1}},
		{name: "control frames", server: &Server{Tick: time.Second, MaxControls: 2}, sends: bytes.Repeat(masked(frame.OpPong, nil), 20), want: Limits{MaxControls: 1}},
		{name: "no pong", change: func(e *Endpoint) { e.PingInterval, e.PongTimeout = short, short }, want: Limits{PongTimeout: 1}},
		{name: "backlog", change: func(e *Endpoint) { e.MaxBacklog = 1 << 10 }, sends: bytes.Repeat(masked(frame.OpText, []byte("x")), 3), stalls: true, want: Limits{MaxBacklog: 1}},
		{name: "its age", change: func(e *Endpoint) { e.MaxBacklog, e.MaxBacklogAge = 1<<30, short }, sends: masked(frame.OpText, []byte("x")), stalls: true, want: Limits{MaxBacklogAge: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := Endpoint{PingInterval: -1, OnMessage: func(c *Conn, op frame.Op, _ []byte) { c.Send(op, make([]byte, 32<<20)) }}
			if c.change != nil {
				c.change(&e)
			}
			s := cmp.Or(c.server, new(Server))
			s.Loops, s.Endpoints, s.CloseTimeout = 1, []Endpoint{e}, short
			start(t, s)
			if s.MaxHTTP == 1 { // one place, and it is taken
				defer meet(t, s, c.says, false).Close()
				eventually(t, "the place is taken", func() bool { return s.Stats().Detached == 1 })
			}
			peer := meet(t, s, c.says, c.silent)
			defer peer.Close()
			_, _ = peer.Write(c.sends)
			if !c.stalls {
				_, _ = io.Copy(io.Discard, peer)
			}
			eventually(t, "the bound is met", func() bool { return s.Stats().Limits == c.want })
		})
	}
}

// meet connects and sends says, or a correct upgrade if says is empty and silent is not set.
func meet(t *testing.T, s *Server, says string, silent bool) net.Conn {
	t.Helper()
	if says == "" && !silent {
		return raw(t, s, "/", "")
	}
	c, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, says)
	return c
}

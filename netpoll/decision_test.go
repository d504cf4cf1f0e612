//go:build !windows

package netpoll

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// deciding is a server that hands its decisions to the test.
func deciding(t *testing.T, s *Server, e Endpoint) (*Server, <-chan *Decision) {
	t.Helper()
	decisions := make(chan *Decision, 64)
	e.Decide = func(d *Decision) { decisions <- d }
	s.Endpoints = []Endpoint{e}
	return start(t, s), decisions
}

// asks sends an upgrade request, with more behind it, and does not wait for the response.
func asks(t *testing.T, s *Server, behind string) *askingClient {
	t.Helper()
	c, err := net.Dial("tcp", s.ListenAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	if s.TLS != nil {
		c = tls.Client(c, clientTLS(0))
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, "GET /ws?user=ann HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: b, a\r\n\r\n"+behind); err != nil {
		t.Fatal(err)
	}
	return &askingClient{c, bufio.NewReader(c)}
}

type askingClient struct {
	net.Conn
	r *bufio.Reader
}

// response is the status of the response, and its whole text up to the blank line.
func (c *askingClient) response(t *testing.T) (status int, header http.Header) {
	t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header
}

func (c *askingClient) text(t *testing.T) string {
	t.Helper()
	f, err := readFrame(c.r)
	if err != nil {
		t.Fatal(err)
	}
	return string(f.Payload)
}

func maskedText(text string) string {
	return string(frame.AppendMaskedFrame(nil, frame.OpText, []byte(text), [4]byte{1, 2, 3, 4}))
}

// ended fails the test if the context does not end.
func ended(t *testing.T, d *Decision) {
	t.Helper()
	select {
	case <-d.Context().Done():
	case <-time.After(patience):
		t.Fatal("the context of the decision does not end")
	}
}

func TestDecisionOfAnotherGoroutine(t *testing.T) {
	for _, server := range []*Server{{Loops: 1}, {Loops: 3}, {Loops: 1, TLS: tlsConfig()}, {Loops: 3, TLS: tlsConfig()}} {
		loops := server.Loops
		t.Run(fmt.Sprintf("%d loops, TLS %v", loops, server.TLS != nil), func(t *testing.T) {
			e := Endpoint{Path: "/ws", Subprotocols: []string{"a", "b"}}
			e.OnOpen = func(c *Conn) { c.Send(frame.OpText, []byte("hello "+c.Context().(string))) }
			e.OnMessage = func(c *Conn, op frame.Op, p []byte) { c.Send(op, p) }
			s, decisions := deciding(t, server, e)
			for range 2 * loops {
				c := asks(t, s, maskedText("behind the request"))
				d := <-decisions
				if got := d.Request().Query() + d.Request().Subprotocol() + d.Request().RemoteAddr().String(); got != "user=annb"+c.LocalAddr().String() {
					t.Errorf("request: %q", got)
				}
				if _, err := io.WriteString(c, maskedText("while it waits")); err != nil {
					t.Fatal(err)
				}
				eventually(t, "what the client sends is read", func() bool { return s.engine.headers.used.Load() > 0 })
				d.Request().SetContext("ann")
				d.Request().SetAffinity("room")
				d.Accept()
				if status, h := c.response(t); status != 101 || h.Get("Sec-WebSocket-Protocol") != "b" {
					t.Fatalf("%d %v", status, h)
				}
				for _, want := range []string{"hello ann", "behind the request", "while it waits"} {
					if got := c.text(t); got != want {
						t.Fatalf("%q, want %q", got, want)
					}
				}
				ended(t, d)
				d.Reject(errors.New("too late"))
				if _, err := io.WriteString(c, maskedText("open")); err != nil {
					t.Fatal(err)
				}
				if got := c.text(t); got != "open" {
					t.Fatalf("%q", got)
				}
			}
			if n := s.deciding.Load(); n != 0 {
				t.Errorf("%d requests wait", n)
			}
			eventually(t, "the request is given back", func() bool { return s.engine.headers.used.Load() == 0 })
		})
	}
}

func TestDecisionRejects(t *testing.T) {
	reported := make(chan error, 1)
	s, decisions := deciding(t, &Server{Loops: 1, OnError: func(err error) { reported <- err }}, Endpoint{})
	c := asks(t, s, "")
	(<-decisions).Reject(&Reject{Status: 402, Header: http.Header{"Retry-After": {"7"}}})
	if status, h := c.response(t); status != 402 || h.Get("Retry-After") != "7" {
		t.Errorf("%d %v", status, h)
	}
	c = asks(t, s, "")
	d := <-decisions
	d.Reject(errors.New("secret"))
	d.Accept() // does not count
	if status, _ := c.response(t); status != 403 {
		t.Errorf("%d", status)
	}
	if err := <-reported; !strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

// TestDecisionWhoseClientLeaves: the application is told, and its decision has no effect.
func TestDecisionWhoseClientLeaves(t *testing.T) {
	e := Endpoint{OnOpen: func(*Conn) { t.Error("a connection was opened") }}
	s, decisions := deciding(t, &Server{Loops: 1, MaxDeciding: 1}, e)
	for range 3 {
		c := asks(t, s, "")
		d := <-decisions
		_ = c.Close()
		ended(t, d)
		d.Accept()
		eventually(t, "the connection is gone", func() bool { return s.NumConns() == 0 })
	}
	if n := s.deciding.Load(); n != 0 {
		t.Errorf("%d requests wait", n)
	}
}

func TestDecisionTimeout(t *testing.T) {
	s, decisions := deciding(t, &Server{Loops: 1, HeaderTimeout: time.Minute}, Endpoint{DecideTimeout: 20 * time.Millisecond})
	c := asks(t, s, "")
	d := <-decisions
	if status, _ := c.response(t); status != http.StatusGatewayTimeout {
		t.Errorf("%d", status)
	}
	ended(t, d)
	d.Accept()
	if _, err := c.r.ReadByte(); err != io.EOF { // of the 504's end
		rest, _ := io.ReadAll(c.r)
		if strings.Contains(string(rest), "101") {
			t.Errorf("%q", rest)
		}
	}
}

// TestDecisionsAreBounded: beyond MaxDeciding a request is answered 503; a decision makes room.
func TestDecisionsAreBounded(t *testing.T) {
	s, decisions := deciding(t, &Server{Loops: 1, MaxDeciding: 1}, Endpoint{})
	first := asks(t, s, "")
	d := <-decisions
	if status, h := asks(t, s, "").response(t); status != 503 || h.Get("Retry-After") == "" {
		t.Errorf("%d %v", status, h)
	}
	d.Accept()
	if status, _ := first.response(t); status != 101 {
		t.Errorf("%d", status)
	}
	next := asks(t, s, "")
	(<-decisions).Accept()
	if status, _ := next.response(t); status != 101 {
		t.Errorf("%d", status)
	}
}

// TestBytesBeforeTheDecisionAreBounded by MaxHeader.
func TestBytesBeforeTheDecisionAreBounded(t *testing.T) {
	s, decisions := deciding(t, &Server{Loops: 1, MaxHeader: 1 << 10}, Endpoint{})
	c := asks(t, s, "")
	d := <-decisions
	if _, err := c.Write(make([]byte, 1<<10+1)); err != nil {
		t.Fatal(err)
	}
	if status, _ := c.response(t); status != 400 {
		t.Errorf("%d", status)
	}
	ended(t, d)
}

func TestShutdownWhileARequestWaits(t *testing.T) {
	s, decisions := deciding(t, &Server{Loops: 1}, Endpoint{})
	c := asks(t, s, "")
	d := <-decisions
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done <- s.Shutdown(ctx)
	}()
	if status, _ := c.response(t); status != 503 {
		t.Errorf("%d", status)
	}
	ended(t, d)
	d.Accept()
	_ = c.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCloseWhileARequestWaits(t *testing.T) {
	s, decisions := deciding(t, &Server{Loops: 1}, Endpoint{})
	asks(t, s, "")
	d := <-decisions
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	ended(t, d)
	d.Accept()
}

func TestDecidePanics(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{Decide: func(*Decision) { panic("test") }}}})
	if status, _ := asks(t, s, "").response(t); status != 500 {
		t.Errorf("%d", status)
	}
	if n := s.deciding.Load(); n != 0 {
		t.Errorf("%d requests wait", n)
	}
}

// TestAWaitingRequestIsNotDisplaced: a request that waits for a decision is complete, so a new connection does not
// displace it but is refused.
func TestAWaitingRequestIsNotDisplaced(t *testing.T) {
	s, decisions := deciding(t, &Server{Loops: 1, MaxConns: 1}, Endpoint{})
	c := asks(t, s, "")
	d := <-decisions
	if status, _ := asks(t, s, "").response(t); status != 503 {
		t.Errorf("%d", status)
	}
	d.Accept()
	if status, _ := c.response(t); status != 101 {
		t.Errorf("%d", status)
	}
}

// TestManyDecisions: clients that leave and decisions of many goroutines come in every order.
func TestManyDecisions(t *testing.T) {
	s, decisions := deciding(t, &Server{Loops: 2}, Endpoint{})
	const n = 200
	over := make(chan struct{})
	var decide sync.WaitGroup
	for range 8 {
		decide.Go(func() {
			for {
				select {
				case d := <-decisions:
					decide.Go(d.Accept)
					d.Reject(&Reject{})
				case <-over:
					return
				}
			}
		})
	}
	for i := range n {
		c := asks(t, s, "")
		if i%3 == 0 {
			_ = c.Close()
			continue
		}
		if status, _ := c.response(t); status != 101 && status != 403 {
			t.Fatalf("%d", status)
		}
		_ = c.Close()
	}
	close(over)
	decide.Wait()
}

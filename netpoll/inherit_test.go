//go:build !windows

package netpoll

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// TestServerTakesOverAListener: the connections of a listener that is taken over are spread over all loops.
func TestServerTakesOverAListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	var by [3]atomic.Int64
	s := start(t, &Server{Listener: ln, Loops: len(by), Endpoints: []Endpoint{{
		OnOpen:    func(c *Conn) { by[c.Loop().Index()].Add(1) },
		OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Send(op, p) },
	}}})
	if got := s.ListenAddr().String(); got != addr {
		t.Fatalf("listens on %s, want %s", got, addr)
	}
	for range 60 {
		c := dial(t, s, "/")
		say(t, c, "hello")
		hear(t, c, "hello")
	}
	for i := range by {
		if n := by[i].Load(); n < 10 {
			t.Errorf("loop %d has %d of 60 connections", i, n)
		}
	}
	if _, err := ln.Accept(); err == nil {
		t.Error("the listener was not taken over")
	}
	s.StopAccepting()
	closed := make(chan struct{})
	s.Loop(0).Do(func() { close(closed) })
	<-closed
	if c, err := net.Dial("tcp", addr); err == nil {
		_ = c.Close()
		t.Error("still accepts after StopAccepting")
	}
}

// TestCloseWithATakenOverListener: connections that are on their way between loops while the server closes do not get
// lost.
func TestCloseWithATakenOverListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, &Server{Listener: ln, Loops: 3, Endpoints: []Endpoint{{}}})
	var conns []net.Conn
	for range 50 {
		c, err := net.Dial("tcp", s.ListenAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	_ = s.Close()
	if n := s.NumConns(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	for _, c := range conns { // each was closed, or reset in the backlog
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
}

// TestListenerMustBeAStream: the error for another kind of socket names its network.
func TestListenerMustBeAStream(t *testing.T) {
	ln, err := net.Listen("unixpacket", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skip(err) // not on macOS
	}
	defer ln.Close()
	err = (&Server{Listener: ln, Endpoints: []Endpoint{{}}}).Listen()
	if err == nil || !strings.Contains(err.Error(), "of the network unixpacket") {
		t.Errorf("Listen: %v", err)
	}
}

//go:build !windows

package netpoll

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// floodServer answers every message, the 1,000th with so much that reading pauses, and closes with 3013 then. closed gets
// each close.
func floodServer(cfg *tls.Config) (s *Server, closed chan Handle) {
	closed = make(chan Handle, 10)
	answer := bytes.Repeat([]byte("no"), 50)
	s = &Server{Loops: 1, TLS: cfg, CloseTimeout: time.Second, Endpoints: []Endpoint{{
		PauseBacklog: 1 << 20, // or it would not be read on to its 3,000th message
		OnMessage: func(c *Conn, op frame.Op, _ []byte) {
			n, _ := c.Context().(int)
			if c.SetContext(n + 1); n+1 == 1000 {
				c.Send(op, make([]byte, 300_000))
				c.Close(3013, "too many requests")
				return
			}
			c.Send(op, answer)
		},
		OnClose: func(c *Conn, _ CloseEvent) { closed <- c.Handle() },
	}}}
	return s, closed
}

// small makes the receive buffer of a socket so small that the server's bytes have to wait.
func small(_, _ string, c syscall.RawConn) (err error) {
	_ = c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10) })
	return err
}

// flood writes without end, until the connection is closed on either side.
func flood(c net.Conn) {
	for b := bytes.Repeat(masked(frame.OpText, []byte("more")), 1000); ; {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// pass waits until d has passed on the clock of the server's only loop.
func pass(t *testing.T, s *Server, d time.Duration) {
	t.Helper()
	now := func() uint32 {
		at := make(chan uint32)
		s.engine.loops[0].Do(func() { at <- s.engine.loops[0].wheel.now })
		return <-at
	}
	began := now()
	eventually(t, "time goes by", func() bool { return now()-began >= s.engine.ticksOf(d) })
}

func dialSmall(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{Control: small}).DialContext(testCtx(t), "tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	if s.TLS != nil {
		c = tls.Client(c, clientTLS(0))
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(2 * patience))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCloseFrameReachesAFloodingPeer: a peer that sends without a pause, and reads only long after it was closed, finds
// the close frame behind all answers, and no reset before it.
func TestCloseFrameReachesAFloodingPeer(t *testing.T) {
	for _, row := range []struct {
		name    string
		tls     *tls.Config
		discard uint32
	}{{"plain", nil, 0}, {"TLS", tlsConfig(), 0}, {"more than is read", nil, 1}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s, closed := floodServer(row.tls)
			s.engine.maxDiscard = row.discard
			start(t, s)
			c := dialSmall(t, s)
			var flooding sync.WaitGroup
			flooding.Go(func() { flood(c) })
			<-closed
			pass(t, s, 5*s.engine.CloseTimeout/2)
			r := bufio.NewReader(c)
			if _, err := http.ReadResponse(r, nil); err != nil {
				t.Fatal(err)
			}
			answers := 0
			for ; ; answers++ {
				f, err := readFrame(r)
				if err != nil {
					t.Fatalf("%v after %d answers, without a close frame", err, answers)
				}
				if f.Header.OpCode == ws.OpClose {
					break
				}
			}
			if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("behind the close frame: %v", err)
			}
			_ = c.Close()
			flooding.Wait()
		})
	}
}

// TestFloodingPeerIsClosed: the socket of a peer that sends without a pause and never reads is closed after a while.
func TestFloodingPeerIsClosed(t *testing.T) {
	for _, discard := range []uint32{1, maxDiscarded} {
		s, closed := floodServer(nil)
		s.CloseTimeout, s.engine.maxDiscard = 100*time.Millisecond, discard
		start(t, s)
		c := dialSmall(t, s)
		var flooding sync.WaitGroup
		flooding.Go(func() { flood(c) })
		<-closed
		eventually(t, "the connection is gone", func() bool { return s.NumConns() == 0 })
		flooding.Wait()
	}
}

// TestMissingCloseFrameIsNotAwaitedForEver: only a bounded part of what the peer sends is searched for its close frame.
func TestMissingCloseFrameIsNotAwaitedForEver(t *testing.T) {
	s := start(t, &Server{Loops: 1, CloseTimeout: time.Hour, Endpoints: []Endpoint{{
		OnMessage: func(c *Conn, _ frame.Op, _ []byte) { c.Close(3013, "too many requests") },
	}}})
	c := raw(t, s, "/", "")
	_, _ = c.Write(masked(frame.OpText, []byte("one")))
	if f, err := readFrame(c); err != nil || f.Header.OpCode != ws.OpClose {
		t.Fatal(f, err)
	}
	some := bytes.Repeat(masked(frame.OpBinary, make([]byte, 1000)), 100)
	for range maxSkipped / len(some) {
		if _, err := c.Write(some); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.(*net.TCPConn).SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Fatal("the peer has no time for its close frame: ", err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	for range 2 {
		if _, err := c.Write(some); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Error("no FIN: ", err)
	}
	_ = c.Close()
	eventually(t, "it is gone", func() bool { return s.NumConns() == 0 })
}

// TestResponseReachesAClientThatSendsABody: a client that is refused, at whatever point, reads the response and a FIN,
// although it sends more than the server reads.
func TestResponseReachesAClientThatSendsABody(t *testing.T) {
	body := strings.Repeat("x", 4<<20)
	post := "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body
	upload := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) })
	for _, row := range []struct {
		name   string
		server *Server
		before int // connections that are there already
		send   string
		want   string
	}{
		{"no handler", &Server{}, 0, post, "426"},
		{"by the handler", &Server{HTTP: upload}, 0, post, "413"},
		{"malformed", &Server{}, 0, "POST /upload\r\n" + body, "400"},
		{"a header without end", &Server{}, 0, "GET / HTTP/1.1\r\nHost: x\r\nX: " + body, "431"},
		{"too many connections", &Server{MaxConns: 1}, 1, post, "503"},
		{"too many of one address", &Server{MaxConnsPerIP: 1}, 1, post, "429"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := row.server
			s.Loops, s.Endpoints = 1, []Endpoint{echo()}
			start(t, s)
			for range row.before {
				dial(t, s, "/")
			}
			accepted := s.Stats().Accepted
			c, err := net.Dial("tcp", s.address.String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(patience))
			eventually(t, "it is accepted or refused", func() bool {
				st := s.Stats()
				return st.Accepted > accepted || st.Refused5xx+st.Refused4xx > 0
			})
			if _, err := io.WriteString(c, row.send); err != nil {
				t.Fatalf("while it sends: %v", err)
			}
			r := bufio.NewReader(c)
			response, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatalf("instead of an answer: %v", err)
			}
			if !strings.HasPrefix(response.Status, row.want) {
				t.Errorf("answered %s, want %s", response.Status, row.want)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Errorf("behind the answer: %v", err)
			}
		})
	}
}

// TestLingeringRefusalsAreBounded: few of the connections that are not admitted linger, and they count for no limit.
func TestLingeringRefusalsAreBounded(t *testing.T) {
	s := start(t, &Server{Loops: 1, MaxConns: 2, CloseTimeout: time.Hour, Endpoints: []Endpoint{echo()}})
	first, second := dial(t, s, "/"), dial(t, s, "/")
	say(t, first, "in")
	hear(t, first, "in")
	for range maxDenied + 50 {
		c, err := net.Dial("tcp", s.address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	eventually(t, "all are denied", func() bool { return s.Refusals().Full == maxDenied+50 })
	eventually(t, "most are gone", func() bool { return s.NumConns() == 2+maxDenied })
	_ = second.CloseNow()
	eventually(t, "a place is free", func() bool { return s.NumConns() == 1+maxDenied })
	again := dial(t, s, "/")
	say(t, again, "in")
	hear(t, again, "in")
}

// TestAlertIsNotOvertaken: a session that breaks in the middle of much data ends with the alert that says why.
func TestAlertIsNotOvertaken(t *testing.T) {
	reasons := make(chan string, 1)
	e := echo()
	e.OnClose = func(_ *Conn, e CloseEvent) { reasons <- fmt.Sprint(e.Code, " ", e.Reason) }
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{e}})
	c := raw(t, s, "/", "").(*tls.Conn)
	release := held(s)
	record := append([]byte{23, 3, 3, 0x40, 0}, make([]byte, 0x4000)...) // not encrypted
	if _, err := c.NetConn().Write(bytes.Repeat(record, 20)); err != nil {
		t.Fatal(err)
	}
	release()
	if _, err := c.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "bad record MAC") {
		t.Errorf("the peer is told: %v", err)
	}
	if _, err := io.Copy(io.Discard, c.NetConn()); err != nil {
		t.Errorf("behind the alert: %v", err)
	}
	if got := <-reasons; !strings.HasPrefix(got, "1006 ") {
		t.Errorf("the application is told %q", got)
	}
	_ = c.NetConn().Close()
	eventually(t, "it is gone", func() bool { return s.NumConns() == 0 })
}

// TestHandshakeAlert is TestAlertIsNotOvertaken for a handshake.
func TestHandshakeAlert(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{echo()}})
	cfg := clientTLS(0)
	cfg.MaxVersion, cfg.MinVersion = tls.VersionTLS10, tls.VersionTLS10
	c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if err := tls.Client(c, cfg).Handshake(); err == nil || !strings.Contains(err.Error(), "protocol version not supported") {
		t.Errorf("the peer is told: %v", err)
	}
}

// TestEndCountersStartAnew: what a connection has counted while it was open does not shorten its end.
func TestEndCountersStartAnew(t *testing.T) {
	l := &Loop{}
	l.wheel.now = 50
	c := &Conn{loop: l, partial: 3, controls: maxSkipped}
	if c.resetEndCounters(); c.partial != 50 || c.controls != 0 {
		t.Errorf("the end begins at tick %d with %d bytes discarded", c.partial, c.controls)
	}
}

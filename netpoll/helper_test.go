//go:build !windows

package netpoll

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// start serves s on a free loopback port until the test ends, and fails the test if the loops
// do not end then.
func start(t testing.TB, s *Server) *Server {
	t.Helper()
	s.Addr = "127.0.0.1:0"
	if s.Tick == 0 {
		s.Tick = 10 * time.Millisecond
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		select {
		case err := <-served:
			if !errors.Is(err, ErrServerClosed) {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(patience):
			t.Error("Serve does not return")
		}
	})
	return s
}

func (s *Server) url(path string) string { return "ws://" + s.address.String() + path }

func testCtx(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func dial(t testing.TB, s *Server, path string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(testCtx(t), s.url(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(64 << 20)
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func say(t testing.TB, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(testCtx(t), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t testing.TB, c *websocket.Conn, want string) {
	t.Helper()
	_, got, err := c.Read(testCtx(t))
	if err != nil {
		t.Fatalf("waiting for %.40q: %v", want, err)
	}
	if string(got) != want {
		t.Fatalf("got %.80q, want %.80q", got, want)
	}
}

// hearClose reads until the connection ends and checks the close code.
func hearClose(t testing.TB, c *websocket.Conn, want websocket.StatusCode) {
	t.Helper()
	for {
		_, _, err := c.Read(testCtx(t))
		if err == nil {
			continue
		}
		if got := websocket.CloseStatus(err); got != want {
			t.Fatalf("close code %d, want %d (%v)", got, want, err)
		}
		return
	}
}

// raw is a TCP connection that has done the upgrade by hand.
func raw(t testing.TB, s *Server, path, extra string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	if s.TLS != nil {
		c = tls.Client(c, clientTLS(0))
	}
	return upgradeOn(t, c, path, extra)
}

// upgradeOn does the upgrade by hand on c.
func upgradeOn(t testing.TB, c net.Conn, path, extra string) net.Conn {
	t.Helper()
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", path, extra)
	head := make([]byte, 0, 512)
	one := make([]byte, 1)
	for len(head) < 4 || string(head[len(head)-4:]) != "\r\n\r\n" {
		if _, err := c.Read(one); err != nil {
			t.Fatalf("upgrade: %v after %q", err, head)
		}
		head = append(head, one[0])
	}
	return c
}

// readFrame reads one frame of the server.
func readFrame(r io.Reader) (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(r); err != nil {
		return f, err
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(r, f.Payload)
	return f, err
}

// texts reads the payloads of n frames.
func texts(t testing.TB, r io.Reader, n int) (got []string) {
	t.Helper()
	for range n {
		f, err := readFrame(r)
		if err != nil {
			t.Fatalf("%v after %.20q", err, got)
		}
		got = append(got, string(f.Payload))
	}
	return got
}

// held keeps the only loop of s from looking at its sockets until the result is called: all that is sent meanwhile is one event.
func held(s *Server) (release func()) {
	at, on := make(chan struct{}), make(chan struct{})
	s.engine.loops[0].Do(func() { close(at); <-on })
	<-at
	return func() { close(on) }
}

// eventually waits for a condition that no event announces.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			t.Fatal("never happened: " + what)
		}
		time.Sleep(time.Millisecond)
	}
}

package admin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func serving(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Close(ctx)
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

// connect opens a connection and sends says, and nothing else.
func connect(t *testing.T, s *Server, says string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, says); err != nil {
		t.Fatal(err)
	}
	return c
}

// answered reads a response.
func answered(c net.Conn) (int, error) {
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode, err
}

const probe = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

// TestIdleConnectionsDoNotPreventProbes: connections without a request (nothing sent, half a request, keep-alive after a
// response) do not prevent a probe. The one that has been without a request for longest is closed; a request in progress is
// not affected.
func TestIdleConnectionsDoNotPreventProbes(t *testing.T) {
	s := serving(t, Options{MaxConns: 4})
	entered, leave := make(chan bool), make(chan bool)
	s.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered <- true; <-leave })
	scrape := connect(t, s, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-entered
	for _, says := range []string{"", "GET /heal", probe} {
		for range 20 {
			c := connect(t, s, says)
			if says == probe {
				if status, err := answered(c); status != 200 {
					t.Fatalf("%d, %v", status, err)
				}
			}
		}
		if status, err := answered(connect(t, s, probe)); status != 200 {
			t.Errorf("behind 20 that say %q a probe is answered with %d, %v", says, status, err)
		}
	}
	if n := s.Closed(); n < 57 || n > 63 {
		t.Errorf("%d connections were closed", n)
	}
	close(leave)
	if status, err := answered(scrape); status != 200 {
		t.Errorf("the scrape: %d, %v", status, err)
	}
}

// TestNewConnectionIsClosedIfAllAreBusy: a new connection is closed if all others have requests in progress.
func TestNewConnectionIsClosedIfAllAreBusy(t *testing.T) {
	s := serving(t, Options{MaxConns: 2})
	entered, leave := make(chan bool), make(chan bool)
	s.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered <- true; <-leave })
	var busy []net.Conn
	for range 2 {
		busy = append(busy, connect(t, s, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		<-entered
	}
	third := connect(t, s, "")
	if n, err := third.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the third: %d bytes, %v", n, err)
	}
	close(leave)
	for _, c := range busy {
		if status, err := answered(c); status != 200 {
			t.Errorf("%d, %v", status, err)
		}
	}
}

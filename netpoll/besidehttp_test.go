//go:build !windows

package netpoll

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// beside starts a server whose port it shares with a mux, and returns the URL of the mux.
func beside(t *testing.T, s *Server) (*Server, string) {
	t.Helper()
	s.Loops, s.Endpoints = 1, []Endpoint{{Path: "/ws"}}
	s = start(t, s)
	return s, "http://" + s.address.String()
}

// TestHTTPTimeouts: a stream outlives the default write timeout and a slow upload the read timeout where the embedder
// says so, for all requests or for one.
func TestHTTPTimeouts(t *testing.T) {
	const short = 100 * time.Millisecond
	stream := func(w http.ResponseWriter, _ *http.Request) {
		for i := range 6 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(short / 2) // the pace of the stream: three times the timeout in all
		}
		fmt.Fprint(w, "data: end\n\n")
	}
	upload := func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d bytes, %v", len(b), err)
	}
	unbound := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			c := http.NewResponseController(w)
			if err := errors.Join(c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{})); err != nil {
				t.Error(err)
			}
			h(w, r)
		}
	}
	for name, c := range map[string]struct {
		server  *Server
		handler http.HandlerFunc
		want    string
	}{
		"stream, cut":               {&Server{HTTPWriteTimeout: short}, stream, ""},
		"stream, no bound":          {&Server{HTTPWriteTimeout: -1}, stream, "data: end"},
		"stream, longer":            {&Server{HTTPWriteTimeout: time.Minute}, stream, "data: end"},
		"stream, its own deadline":  {&Server{HTTPWriteTimeout: short}, unbound(stream), "data: end"},
		"upload, cut":               {&Server{HTTPReadTimeout: short}, upload, ""},
		"upload, no bound":          {&Server{HTTPReadTimeout: -1}, upload, "12 bytes, <nil>"},
		"upload, its own deadline":  {&Server{HTTPReadTimeout: short}, unbound(upload), "12 bytes, <nil>"},
		"nothing slow, short times": {&Server{HTTPReadTimeout: time.Minute}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.server.HTTP = c.handler
			_, url := beside(t, c.server)
			body, send := io.Pipe()
			go func() {
				for range 6 {
					_, _ = io.WriteString(send, "ab")
					time.Sleep(short / 2)
				}
				_ = send.Close()
			}()
			answer := ""
			if resp, err := http.Post(url, "text/plain", body); err == nil {
				b, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				answer = string(b)
			}
			if ok := c.want != "" && strings.Contains(answer, c.want); ok != (c.want != "") || c.want == "" && (strings.Contains(answer, "end") || strings.Contains(answer, "<nil>")) {
				t.Errorf("%q, want %q", answer, c.want)
			}
		})
	}
}

// TestHTTPKeepsConnections: with HTTPIdleTimeout a connection serves further requests and then stays with net/http; a
// request for a WebSocket on it gets an answer that says so, and Shutdown does not wait for it.
func TestHTTPKeepsConnections(t *testing.T) {
	s, url := beside(t, &Server{HTTPIdleTimeout: time.Minute, HTTP: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })})
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	in := bufio.NewReader(c)
	ask := func(header string) *http.Response {
		if _, err := io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\n"+header+"\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp
	}
	for range 3 {
		if resp := ask(""); resp.StatusCode != http.StatusOK || resp.Close {
			t.Fatalf("%d, close: %t", resp.StatusCode, resp.Close)
		}
	}
	if n := s.atHTTP.Load(); n != 1 {
		t.Errorf("%d connections of HTTP", n)
	}
	if resp := ask("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"); resp.StatusCode != http.StatusBadRequest || !resp.Close {
		t.Errorf("an upgrade on a kept connection: %d, close: %t", resp.StatusCode, resp.Close)
	}
	eventually(t, "its place is free", func() bool { return s.atHTTP.Load() == 0 })
}

// TestHTTPClosesByDefault: without HTTPIdleTimeout a connection is closed after its answer.
func TestHTTPClosesByDefault(t *testing.T) {
	_, url := beside(t, &Server{HTTP: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })})
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if !resp.Close {
		t.Error("the connection is kept")
	}
}

// TestHijack: a handler may take the connection over, with the bytes that the loop has read.
func TestHijack(t *testing.T) {
	_, url := beside(t, &Server{HTTP: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, both, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		line, _ := both.ReadString('\n')
		fmt.Fprintf(c, "you said %s", line)
	})})
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\nhello\n")
	if b, err := io.ReadAll(c); err != nil || string(b) != "you said hello\n" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestErrorsReachOnError: an error or a panic of a callback is reported to OnError once, and its text is not sent to
// the peer.
func TestErrorsReachOnError(t *testing.T) {
	secret := errors.New("the database is away")
	told := make(chan error, 10)
	s := start(t, &Server{
		Loops: 1, OnError: func(err error) { told <- err },
		Endpoints: []Endpoint{{Path: "/ws", Accept: func(r *Request) error {
			if r.Query() == "reject" {
				return &Reject{Status: 401}
			}
			return secret
		}}},
		AcceptHTTP: func(r *Request) error {
			if r.Path() == "/secret" {
				return secret
			}
			return nil
		},
		HTTP: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a handler's") }),
	})
	const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	for _, c := range []struct{ request, told string }{
		{"GET /ws?reject HTTP/1.1\r\nHost: x\r\n" + upgrade, ""},
		{"GET /ws HTTP/1.1\r\nHost: x\r\n" + upgrade, "Endpoint.Accept: the database is away"},
		{"GET /secret HTTP/1.1\r\nHost: x\r\n", "Server.AcceptHTTP: the database is away"},
		{"GET / HTTP/1.1\r\nHost: x\r\n", "a handler's"},
	} {
		conn, err := net.Dial("tcp", s.address.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(conn, c.request+"\r\n")
		answer, _ := io.ReadAll(conn)
		_ = conn.Close()
		if strings.Contains(string(answer), "database") {
			t.Errorf("the peer was told %q", answer)
		}
		if c.told == "" {
			continue
		}
		if err := get(t, told); !strings.Contains(err.Error(), c.told) {
			t.Errorf("%v, want %q", err, c.told)
		}
	}
	select {
	case err := <-told:
		t.Errorf("%v was told as well", err)
	default:
	}
}

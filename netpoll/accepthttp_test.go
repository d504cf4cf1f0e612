//go:build !windows

package netpoll

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// onlyPages refuses every request that is not for a page.
func onlyPages(r *Request) error {
	if r.Method() != http.MethodGet && r.Method() != http.MethodHead {
		return &Reject{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {"GET, HEAD"}}}
	}
	if r.Path() == "/private" {
		return &Reject{Reason: "not for " + r.Host() + r.Query() + r.Header("X-Name")}
	}
	return nil
}

func pageServer(t *testing.T, s *Server) *Server {
	s.Loops, s.Endpoints = 1, []Endpoint{echo()}
	s.HTTP = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") })
	s.AcceptHTTP = onlyPages
	return start(t, s)
}

// ask sends a whole request, or a part of one, and returns the response up to the end of the connection.
func (c *caller) ask(t *testing.T, request string) string {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c.r)
	if err != nil {
		t.Fatalf("%v after %q", err, got)
	}
	return string(got)
}

func TestAcceptHTTP(t *testing.T) {
	s := pageServer(t, &Server{})
	for _, tt := range []struct{ request, want, without string }{
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK", ""},
		{"HEAD /a?b HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK", "the page"},
		{"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 Method Not Allowed", "the page"},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", "\r\nAllow: GET, HEAD\r\n", "the page"},
		{"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n", "HTTP/1.1 405 ", "100"},
		{"GET /private?q HTTP/1.1\r\nHost: h\r\nX-Name: n\r\n\r\n", "\r\n\r\nnot for hqn\n", "the page"},
		{"HEAD /private HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 403 Forbidden", "not for"},
	} {
		got := call(t, s, 1, "").ask(t, tt.request)
		if !strings.Contains(got, tt.want) || tt.without != "" && strings.Contains(got, tt.without) {
			t.Errorf("%q is answered with %q", tt.request, got)
		}
	}
}

// TestAcceptHTTPTakesNoPlace: requests that AcceptHTTP refuses never reach net/http. Although their bodies never come,
// any number of them leaves the only place of MaxHTTP free.
func TestAcceptHTTPTakesNoPlace(t *testing.T) {
	s := pageServer(t, &Server{MaxHTTP: 1})
	for range 300 {
		c := call(t, s, 1, "")
		if _, err := fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := c.r.ReadString('\n'); err != nil || !strings.Contains(line, " 405 ") {
			t.Fatalf("%q, %v", line, err)
		}
	} // all of them are still connected
	if got := call(t, s, 1, "").ask(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasSuffix(got, "the page") {
		t.Errorf("the page is answered with %q", got)
	}
	if n := s.Stats().Limits.MaxHTTP; n != 0 {
		t.Errorf("%d requests were one too many", n)
	}
}

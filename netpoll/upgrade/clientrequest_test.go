package upgrade

import (
	"io"
	"net/http"
	"testing"
)

// TestClientRequestHeader: a field that would end the request line or another field, or that every server refuses, is an
// error before anything is sent.
func TestClientRequestHeader(t *testing.T) {
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"X-Trace", "a b\tc \u00fc", true}, {"x!#$%&'*+-.^_`|~9", "", true},
		{"X-Trace", "a\r\nHost: other", false}, {"X-Trace", "a\nb", false}, {"X-Trace", "a\rb", false}, {"X-Trace", "a\x00b", false},
		{"X-Trace", "a\x7fb", false}, {"X-Trace", "a\x1b[0m", false},
		{"", "a", false}, {"X Trace", "a", false}, {"X-Trace:", "a", false}, {"X-Trace\r\nHost", "a", false}, {"X-Tr\u00e4ce", "a", false},
		{"Host", "a", false}, {"sec-websocket-key", "a", false}, {"content-length", "0", false},
	} {
		r := ClientRequest{Host: "x", Header: http.Header{c.name: {"fine", c.value}}}
		if err := r.Check(); (err == nil) != c.ok {
			t.Errorf("%q: %q: %v", c.name, c.value, err)
		}
	}
}

// TestCutHandshakeFails: a response that ends in the middle is an error, whatever has arrived of it.
func TestCutHandshakeFails(t *testing.T) {
	for _, begin := range []string{"", "HTTP/1.1 101 Switching", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"} {
		c, err := NewClient(ClientRequest{Host: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if done, err := c.Read([]byte(begin)); done || err != nil {
			t.Fatalf("%q: done %v, %v", begin, done, err)
		}
		if err := c.End(io.EOF); err == nil {
			t.Errorf("%q and no more is no error", begin)
		}
		c.Close()
	}
}

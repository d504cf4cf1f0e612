package upgrade

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzResponse feeds a Client the response of a server: {key} becomes the right Sec-WebSocket-Accept. The result is the
// same however the bytes arrive; only a 101 with all required fields is accepted; and the bytes behind the header come
// out unchanged.
func FuzzResponse(f *testing.F) {
	good := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
	for _, seed := range []string{
		good, good + "\x81\x05hello", strings.Replace(good, "{key}", "x", 1), good[:50],
		strings.Replace(good, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: v1\r\n\r\n", 1),
		strings.Replace(good, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: a; b=c\r\n\r\n", 1),
		"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\n", "HTTP/1.1 301\r\nLocation: /\r\n\r\nmoved",
		"HTTP/1.0 101 x\r\n\r\n", "HTTP/1.1 101\n\n", "\x16\x03\x01", strings.ReplaceAll(good, "\r", ""),
		"HTTP/1.1 101 x\r\nX: " + strings.Repeat("y", 9000) + "\r\n\r\n",
	} {
		f.Add([]byte(seed), uint(17))
	}
	d := ClientRequest{Host: "x", Subprotocols: []string{"v1", "v2"}}
	f.Fuzz(func(t *testing.T, in []byte, cut uint) {
		whole, rest := feedResponse(t, d, in)
		pieces, restToo := feedResponse(t, d, in, int(cut%uint(len(in)+1)))
		if (whole.err == nil) != (pieces.err == nil) || whole.chosen != pieces.chosen || !bytes.Equal(rest, restToo) {
			t.Fatalf("whole: %v %q, in pieces: %v %q", whole.err, rest, pieces.err, restToo)
		}
		var status *StatusError
		if errors.As(whole.err, &status) != errors.As(pieces.err, &status) {
			t.Fatalf("whole: %v, in pieces: %v", whole.err, pieces.err)
		}
		if whole.err == nil {
			checkResponse(t, in, rest)
		}
	})
}

// feedResponse is a handshake that gets in, cut at the places, and then the end.
func feedResponse(t *testing.T, d ClientRequest, in []byte, cuts ...int) (a *Client, rest []byte) {
	a, err := NewClient(d)
	if err != nil {
		t.Fatal(err)
	}
	request := a.Request()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
	if err != nil {
		t.Fatalf("request %q: %v", request, err)
	}
	in = bytes.ReplaceAll(in, []byte("{key}"), []byte(acceptKey(r.Header.Get("Sec-WebSocket-Key"))))
	from := 0
	for _, cut := range append(cuts, len(in)) {
		if cut = min(cut, len(in)); !a.done {
			if done, _ := a.Read(in[from:cut]); done {
				a.Rest(func(b []byte) { rest = append(rest, b...) })
				rest = append(rest, in[cut:]...)
			}
		}
		from = cut
	}
	if !a.done {
		_ = a.End(io.ErrUnexpectedEOF)
	}
	if !a.done || a.err != nil && rest != nil && len(in) == 0 {
		t.Fatal("not done at the end")
	}
	if a.err != nil {
		rest = nil
	}
	return a, rest
}

// checkResponse checks that an accepted response has what RFC 6455, section 4.1, demands.
func checkResponse(t *testing.T, in, rest []byte) {
	if !bytes.HasSuffix(in, rest) && !bytes.Contains(rest, []byte("=")) {
		t.Fatalf("%q follows the header in %q", rest, in)
	}
	head := strings.ToLower(string(in))
	if i := strings.Index(head, "{key}"); i < 0 || i > MaxResponse {
		t.Fatalf("taken without the right key: %q", in)
	}
	for _, want := range []string{"http/1.", " 101", "upgrade", "websocket", "connection", "sec-websocket-accept"} {
		if !strings.Contains(head, want) {
			t.Fatalf("taken without %q: %q", want, in)
		}
	}
}

// acceptKey is the Sec-WebSocket-Accept for a key (RFC 6455, section 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

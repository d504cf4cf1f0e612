//go:build !windows

package netpoll

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzDial feeds what a server may send to the coroutine that reads it: {key} becomes the right
// Sec-WebSocket-Accept. However the bytes arrive the verdict is the same; only a 101 with all
// it needs is a WebSocket; and what follows the header comes out as it came in.
func FuzzDial(f *testing.F) {
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
	d := &Dialer{Host: "x", Subprotocols: []string{"v1", "v2"}}
	f.Fuzz(func(t *testing.T, in []byte, cut uint) {
		whole, rest := feedAnswer(t, d, in)
		pieces, restToo := feedAnswer(t, d, in, int(cut%uint(len(in)+1)))
		if (whole.err == nil) != (pieces.err == nil) || whole.chosen != pieces.chosen || !bytes.Equal(rest, restToo) {
			t.Fatalf("whole: %v %q, in pieces: %v %q", whole.err, rest, pieces.err, restToo)
		}
		var status *StatusError
		if errors.As(whole.err, &status) != errors.As(pieces.err, &status) {
			t.Fatalf("whole: %v, in pieces: %v", whole.err, pieces.err)
		}
		if whole.err == nil {
			checkAnswer(t, in, rest)
		}
	})
}

// feedAnswer is a dial that gets in, cut at the places, and then the end.
func feedAnswer(t *testing.T, d *Dialer, in []byte, cuts ...int) (a *answer, rest []byte) {
	a = newAnswer(d, &url.URL{Path: "/"})
	a.resume(nil)
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(a.out)))
	if err != nil {
		t.Fatalf("request %q: %v", a.out, err)
	}
	in = bytes.ReplaceAll(in, []byte("{key}"), []byte(acceptKey(r.Header.Get("Sec-WebSocket-Key"))))
	from := 0
	for _, cut := range append(cuts, len(in)) {
		if cut = min(cut, len(in)); !a.done && a.resume(in[from:cut]) {
			a.rest(func(b []byte) { rest = append(rest, b...) })
			rest = append(rest, in[cut:]...)
		}
		from = cut
	}
	if !a.done {
		a.finish(errEarlyEnd)
	}
	if !a.done || a.err != nil && rest != nil && len(in) == 0 {
		t.Fatal("not done at the end")
	}
	if a.err != nil {
		rest = nil
	}
	return a, rest
}

// checkAnswer holds what was taken for a WebSocket against what RFC 6455, 4.1 demands.
func checkAnswer(t *testing.T, in, rest []byte) {
	if !bytes.HasSuffix(in, rest) && !bytes.Contains(rest, []byte("=")) {
		t.Fatalf("%q follows the header in %q", rest, in)
	}
	head := strings.ToLower(string(in))
	if i := strings.Index(head, "{key}"); i < 0 || i > maxAnswer {
		t.Fatalf("taken without the right key: %q", in)
	}
	for _, want := range []string{"http/1.", " 101", "upgrade", "websocket", "connection", "sec-websocket-accept"} {
		if !strings.Contains(head, want) {
			t.Fatalf("taken without %q: %q", want, in)
		}
	}
}

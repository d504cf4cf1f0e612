package upgrade

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzUpgrade looks for requests that this package and net/http read differently: whatever the scan
// accepts, http.ReadRequest must accept and agree on method, target, host and headers.
// The response must be a 101 or a well-formed rejection, the same however the bytes arrive,
// and must not depend on what follows the header block.
func FuzzUpgrade(f *testing.F) {
	for _, seed := range []string{
		good, chromeRequest, swap("13", "8"), swap("Upgrade: websocket", "Upgrade : websocket"),
		add("Origin: https://good.example\r\nSec-WebSocket-Protocol: a, chat.v1\r\n"),
		add("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"15\", x; y=z\r\n"),
		swap("/ws", "http://good.example/ws"), swap("/ws?room=a", "http://good.example?a"), "\r\n\r\n" + good,
		add("Content-Length: 0\r\nExpect: 100-continue\r\n"), swap("Connection: Upgrade", "Connection: ,keep-alive\r\nConnection: upgrade,"),
		swap("/ws", "/deny"), swap("/ws", "/list"),
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "GET / HTTP/1.0\r\n\r\n",
		"GET /%zz HTTP/1.1\r\nHost: a:b\r\nTransfer-Encoding: x\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	} {
		f.Add([]byte(seed), uint(7))
	}
	u := testServer()
	f.Fuzz(func(t *testing.T, in []byte, cut uint) {
		before := bytes.Clone(in)
		v, response, _ := feed(u, in)
		if !bytes.Equal(in, before) {
			t.Fatalf("the input was changed: %q to %q", before, in)
		}
		w, again, _ := feed(u, in, int(cut%uint(len(in)+1)))
		if w != v || !bytes.Equal(again, response) {
			t.Fatalf("cut at %d: %+v %q, but whole: %+v %q", cut%uint(len(in)+1), w, again, v, response)
		}
		switch v.kind {
		case needMore:
			if len(response) > 0 || len(in) >= DefaultMaxHeader+2*maxEmptyLines {
				t.Fatalf("waiting after %d bytes, response %q", len(in), response)
			}
			return
		case rejected:
			if res := parse(t, string(response)); res.StatusCode < 400 {
				t.Fatalf("refused with %q", response)
			}
			return
		case accepted:
			if res := parse(t, string(response)); res.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("accepted with %q", response)
			}
		}
		if v.used < len("A / HTTP/1.0\r\n\r\n") || v.used > min(len(in), v.skipped+DefaultMaxHeader) || !bytes.HasSuffix(in[:v.used], []byte("\r\n\r\n")) {
			t.Fatalf("used %d of %q", v.used, in)
		}
		if x, only, _ := feed(u, in[:v.used]); x != v || !bytes.Equal(only, response) {
			t.Fatalf("bytes behind the block change the answer: %+v %q, %+v %q", v, response, x, only)
		}
		agree(t, v, in[v.skipped:v.used])
	})
}

// agree compares how this package and net/http read a block.
func agree(t *testing.T, v verdict, block []byte) {
	ours := block
	if v.kind == plainHTTP { // target and body are net/http's to judge there
		ours = harmless(block)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(ours)))
	if err != nil {
		t.Fatalf("we take %q, net/http says: %v", block, err)
	}
	line := strings.Split(string(ours[:bytes.IndexByte(ours, '\r')]), " ")
	if len(line) != 3 || r.Method != line[0] || r.RequestURI != line[1] || r.Proto != line[2] {
		t.Fatalf("net/http reads %q %q %q in %q", r.Method, r.RequestURI, r.Proto, block)
	}
	host, _ := headerValue(block, "Host")
	if target, ok := parseTarget(block); ok && v.kind == accepted && target.authority != nil {
		host = target.authority
	}
	if !strings.EqualFold(r.Host, string(host)) {
		t.Fatalf("Host is %q, net/http says %q in %q", host, r.Host, block)
	}
	for name, values := range headers(ours) {
		if name != "Host" && !slices.Equal(r.Header[name], values) {
			t.Fatalf("%s is %q, net/http says %q in %q", name, values, r.Header[name], block)
		}
	}
	if v.kind == accepted {
		got, _ := parseTarget(block)
		path, err := url.PathUnescape(string(got.path))
		if got.authority != nil && r.URL.Path == "" { // which is / (RFC 9110, section 4.2.3)
			r.URL.Path = "/"
		}
		if err != nil || r.Method != http.MethodGet || r.URL.Path != path || r.URL.RawQuery != string(got.query) {
			t.Fatalf("target is %q ? %q, net/http says %q ? %q", got.path, got.query, r.URL.Path, r.URL.RawQuery)
		}
		if len(r.TransferEncoding) > 0 || r.ContentLength != 0 {
			t.Fatalf("accepted with a body: %q", block)
		}
	}
}

// harmless is the block with a plain target and without the headers that describe a body.
func harmless(block []byte) []byte {
	lines := strings.SplitAfter(string(block), "\r\n")
	first := strings.Split(lines[0], " ")
	out := first[0] + " / " + first[2]
	for _, line := range lines[1:] {
		name, _, _ := strings.Cut(line, ":")
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length", "Transfer-Encoding", "Trailer":
		default:
			out += line
		}
	}
	return []byte(out)
}

// headers reads a well-formed block with headerValue's rules.
func headers(block []byte) http.Header {
	h := http.Header{}
	for _, line := range strings.Split(string(block), "\r\n")[1:] {
		if name, _, ok := strings.Cut(line, ":"); ok {
			value, _ := headerValue([]byte("\r\n"+line+"\r\n\r\n"), name)
			h.Add(name, string(value))
		}
	}
	return h
}

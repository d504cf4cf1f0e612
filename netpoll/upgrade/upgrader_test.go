package upgrade

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// good is the request of RFC 6455, section 1.2, for the endpoint the tests use.
const good = "GET /ws?room=a HTTP/1.1\r\n" +
	"Host: good.example\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"\r\n"

const goodAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

// swap is good with one part replaced.
func swap(old, by string) string {
	if strings.Count(good, old) != 1 {
		panic("not once in the request: " + old)
	}
	return strings.Replace(good, old, by, 1)
}

// add is good with further header lines.
func add(lines string) string { return strings.TrimSuffix(good, "\r\n") + lines + "\r\n" }

// server answers requests as a server does: with a 101 or a rejection.
type server struct {
	Upgrader
	accept map[string]func(*Request) error // by path
	remote netip.AddrPort
	r      Request // is reused, as by an event loop
}

type kind uint8

const (
	needMore  kind = iota // the header block is not complete
	accepted              // the response is a 101
	rejected              // the response is a rejection
	plainHTTP             // for net/http, no response
)

// verdict is how a server decides about the bytes of a request.
type verdict struct {
	kind     kind
	used     int // bytes of the header block and of the empty lines in front of it
	skipped  int // bytes of these lines
	endpoint int
	window   int
	context  any
	affinity string
	cause    Cause
}

// run decides about b, all that was received so far, and appends the response to dst.
func (s *server) run(dst, b []byte, scan *Scan) (verdict, []byte) {
	r := &s.r
	n, reject := s.Read(r, b, scan)
	if n == 0 && reject == nil {
		return verdict{}, dst
	}
	v := verdict{used: n, skipped: n - len(r.Block())}
	if reject == nil && !r.WebSocket() {
		v.kind = plainHTTP
		return v, dst
	}
	r.SetRemoteAddr(s.remote)
	if reject == nil {
		reject = s.Check(r)
	}
	if accept := s.accept[r.Path()]; reject == nil && accept != nil {
		if err := accept(r); err != nil {
			reject, _ = RejectFor(err)
		}
	}
	if reject != nil {
		return verdict{kind: rejected, cause: reject.Cause}, reject.Append(dst)
	}
	v.kind, v.endpoint, v.window, v.context, v.affinity = accepted, r.Endpoint(), r.DeflateWindow(), r.Context(), r.Affinity()
	dst = r.AppendAccept(dst)
	*r = Request{}
	return v, dst
}

// allow is AllowOrigins for a list that is correct.
func allow(entries ...string) func(*Request) bool {
	check, err := AllowOrigins(entries...)
	if err != nil {
		panic(err)
	}
	return check
}

func testServer() *server {
	return &server{
		Upgrader: Upgrader{Endpoints: []Endpoint{
			{Path: "/ws", Subprotocols: []string{"chat.v2", "chat.v1"}, Compression: true},
			{Path: "/plain"},
			{Path: "/list", CheckOrigin: allow("https://good.example", "http://localhost:3000")},
			{Path: "/any", CheckOrigin: allow("*")},
			{Path: "/deny"},
			{Path: "/broken"},
		}},
		accept: map[string]func(*Request) error{
			"/deny": func(*Request) error {
				return &Reject{Status: 503, Reason: "later", Header: http.Header{"Retry-After": {"7"}, "X-Bad": {"a\r\nb"}}}
			},
			"/broken": func(*Request) error { return errors.New("secret detail") },
		},
	}
}

// feed gives the request to the server in the pieces that end at the cuts, as a
// connection does: everything received so far, each time.
func feed(u *server, in []byte, cuts ...int) (v verdict, response []byte, at int) {
	var scan Scan
	for _, at = range append(cuts, len(in)) {
		v, response = u.run(nil, in[:at:at], &scan)
		if v.kind != needMore {
			break
		}
	}
	return v, response, at
}

func everyByte(n int) []int {
	cuts := make([]int, 0, n)
	for i := range n {
		cuts = append(cuts, i)
	}
	return cuts
}

// eachChunking feeds in whole, one byte at a time and cut in two at every place, and
// checks that the answer is the same.
func eachChunking(t *testing.T, in string) (v verdict, response string) {
	t.Helper()
	u := testServer()
	v, first, _ := feed(u, []byte(in))
	same := func(how string, cuts ...int) {
		w, r, _ := feed(u, []byte(in), cuts...)
		if w != v || string(r) != string(first) {
			t.Errorf("%s: %+v %q, but whole: %+v %q", how, w, r, v, first)
		}
	}
	same("bytewise", everyByte(len(in))...)
	for cut := 0; cut < len(in); cut += 1 + len(in)/2000 { // all of them, but for the long ones
		same(fmt.Sprintf("cut at %d", cut), cut)
	}
	return v, string(first)
}

// parse reads a response with net/http and checks what every rejection must have.
func parse(t *testing.T, response string) *http.Response {
	t.Helper()
	response = strings.TrimPrefix(response, "HTTP/1.1 100 Continue\r\n\r\n")
	br := bufio.NewReader(strings.NewReader(response))
	res, err := http.ReadResponse(br, &http.Request{Method: http.MethodGet})
	if err != nil {
		t.Fatalf("%v in %q", err, response)
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return res
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || len(body) < 2 || len(body) > 200 || !res.Close || br.Buffered() != 0 {
		t.Errorf("bad rejection (%v): %q", err, response)
	}
	return res
}

// TestRejectAtOffendingByte: the last byte of each request is the offending one: without it the server waits for more, with
// it the request is rejected, whatever follows (docs/decisions/10-strict-opening-handshake.md).
func TestRejectAtOffendingByte(t *testing.T) {
	const line1 = "GET /ws HTTP/1.1\r\n"
	long := strings.Repeat("a", 64<<10)
	tests := []struct {
		id, request string
		status      int
	}{
		{"U1 no Upgrade", swap("Upgrade: websocket\r\n", ""), 400},
		{"U1 other Upgrade", swap("websocket\r\n", "h2c\r\n"), 400},
		{"U1 no Connection", swap("Connection: Upgrade\r\n", ""), 400},
		{"U1 other Connection", swap("Connection: Upgrade", "Connection: close"), 400},
		{"U2 version 8", swap("13", "8"), 426},
		{"U2 version 12", swap("13", "12"), 426},
		{"U2 version 14", swap("13", "14"), 426},
		{"U2 version 013", swap("13", "013"), 426},
		{"U2 version 13, 8", swap("13", "13, 8"), 426},
		{"U2 no version", swap("Sec-WebSocket-Version: 13\r\n", ""), 400},
		{"U2 two versions", "GET /ws HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nsec-websocket-version:", 400},
		{"U3 no key", swap("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400},
		{"U3 empty key", line1 + "Sec-WebSocket-Key:\r", 400},
		{"U3 short key", line1 + "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r", 400},
		{"U3 long key", line1 + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSBsb25n\r", 400},
		{"U3 no base64", line1 + "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r", 400},
		{"U3 17 bytes", line1 + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZZZ=\r", 400},
		{"U4 POST", "POST /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r", 405},
		{"U4 HEAD", "HEAD /ws HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key:", 405},
		{"U4 lower case", "get /ws HTTP/1.1\r\nUpgrade: websocket\r", 405},
		{"U4 POST with a body", "POST /ws HTTP/1.1\r\nContent-Length: 5\r\nUpgrade: websocket\r", 405},
		{"U5 HTTP/1.0", "GET /ws HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r", 400},
		{"U5 HTTP/0.9", "GET /ws HTTP/0", 505},
		{"U5 HTTP/1.2", "GET /ws HTTP/1.2", 505},
		{"U5 HTTP/2.0", "GET /ws HTTP/2", 505},
		{"U5 HTTP/1.11", "GET /ws HTTP/1.11", 400},
		{"U5 http/1.1", "GET /ws h", 400},
		{"U6 two keys", line1 + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key:", 400},
		{"U14 no Host", swap("Host: good.example\r\n", ""), 400},
		{"U14 empty Host", swap("Host: good.example", "Host: "), 400},
		{"U14 two Hosts", line1 + "Host: good.example\r\nHOST:", 400},
		{"U14 two Hosts in one", swap("good.example", "good.example, evil"), 400},
		{"U14 Host with a user", swap("good.example", "good.example@evil"), 400},
		{"U14 Host with a path", swap("good.example", "good.example/evil"), 400},
		{"U7 Content-Length", line1 + "Host: a\r\nUpgrade: websocket\r\nContent-Length: 5\r", 400},
		{"U7 Transfer-Encoding", line1 + "Host: a\r\nTransfer-Encoding: chunked\r\nUpgrade: websocket\r", 400},
		{"U8 1 MiB header", (line1 + "X: " + strings.Repeat(long, 16))[:DefaultMaxHeader], 431},
		{"U8 20,000 headers", (line1 + strings.Repeat("X: y\r\n", 20000))[:DefaultMaxHeader], 431},
		{"U8 long name", (line1 + long)[:DefaultMaxHeader], 431},
		{"U8 64 KiB target", ("GET /" + long)[:DefaultMaxHeader], 414},
		{"U8 long method", strings.Repeat("A", maxMethod+1), 400},
		{"U10 Upgrade :", line1 + "Upgrade ", 400},
		{"U10 NUL in a value", line1 + "X: a\x00", 400},
		{"U10 NUL in a name", line1 + "X\x00", 400},
		{"U10 NUL in the target", "GET /\x00", 400},
		{"U10 folded", line1 + "X: a\r\n ", 400},
		{"U10 folded with a tab", line1 + "X: a\r\n\t", 400},
		{"U10 folded first", line1 + " ", 400},
		{"U10 bare LF", line1 + "X: a\n", 400},
		{"U10 bare LF after the request", "GET /ws HTTP/1.1\n", 400},
		{"U10 bare CR", line1 + "X: a\rb", 400},
		{"U10 bare CR at the end", line1 + "X: a\r\n\rb", 400},
		{"U10 bare CR in the request", "GET /ws\r", 400},
		{"U10 CR CR LF", line1 + "X: a\r\r", 400},
		{"U10 no name", line1 + ":", 400},
		{"U10 no colon", line1 + "X\r", 400},
		{"U10 name with a slash", line1 + "X/", 400},
		{"U10 DEL", line1 + "X: \x7f", 400},
		{"U10 leading LF", "\n", 400},
		{"U10 leading CR", "\rG", 400},
		{"U10 leading CRLF without end", strings.Repeat("\r\n", maxEmptyLines+1), 400},
		{"U10 two spaces", "GET  ", 400},
		{"U10 tab", "GET\t", 400},
		{"U10 fragment", "GET /ws#", 400},
		{"U10 no version", "GET /ws\r", 400},
		{"target without a slash", swap("/ws?room=a", "ws"), 400},
		{"target is a star", swap("/ws?room=a", "*"), 400},
		{"target of no host", swap("/ws?room=a", "http:///ws"), 400},
		{"target of a user", swap("/ws?room=a", "http://user@good.example/ws"), 400},
		{"bad escape", swap("/ws?room=a", "/w%7"), 400},
		{"U15 TLS ClientHello", "\x16", 400},
		{"U16 HTTP/2 preface", "PRI ", 505},
		{"unknown path", swap("/ws", "/nowhere"), 404},
		{"escaped path", swap("/ws", "/%77s"), 404},
		{"U13 other origin", add("Origin: https://evil\r\n"), 403},
		{"U13 two origins", line1 + "Origin: https://good.example\r\nOrigin:", 400},
		{"U17 malformed", add("Sec-WebSocket-Extensions: permessage-deflate;=\r\n"), 400},
		{"U20 CR/LF in the subprotocol", line1 + "Sec-WebSocket-Protocol: chat.v1\rX", 400},
		{"U20 no token", add("Sec-WebSocket-Protocol: (chat.v1)\r\n"), 400},
		{"U20 32 KiB", (line1 + "Sec-WebSocket-Protocol: chat.v1, " + long)[:DefaultMaxHeader], 431},
		{"rejected", swap("/ws", "/deny"), 503},
		{"broken", swap("/ws", "/broken"), 403},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			v, response := eachChunking(t, tt.request)
			if v.kind != rejected {
				t.Fatalf("%+v, want a rejection", v)
			}
			res := parse(t, response)
			if res.StatusCode != tt.status {
				t.Errorf("%q, want %d", response, tt.status)
			}
			early, _, _ := feed(testServer(), []byte(tt.request[:len(tt.request)-1]))
			if early.kind != needMore {
				t.Errorf("rejected before the offending byte")
			}
			later, r, _ := feed(testServer(), []byte(tt.request+"x: y\r\n\r\n"))
			if later.kind != rejected || string(r) != response {
				t.Errorf("what follows changes the answer: %q", r)
			}
			if want := map[int]string{405: "Allow: GET", 426: "Sec-WebSocket-Version: 13"}[tt.status]; !strings.Contains(response, want) {
				t.Errorf("%q lacks %q", response, want)
			}
		})
	}
}

func TestUpgradeIsAccepted(t *testing.T) {
	const deflate = "Sec-WebSocket-Extensions: permessage-deflate"
	tests := []struct {
		id, request string
		extensions  string
		subprotocol string
	}{
		{"RFC 6455, 1.2", good, "", ""},
		{"header names in any case", swap("Sec-WebSocket-Key", "SEC-WEBSOCKET-KEY"), "", ""},
		{"no space after the colon", swap("Upgrade: websocket", "Upgrade:WebSocket\t "), "", ""},
		{"Firefox's Connection", swap("Connection: Upgrade", "Connection: keep-alive, Upgrade"), "", ""},
		{"absolute form", swap("/ws?", "HTTP://Good.example/ws?"), "", ""},
		{"origin of the same host", add("Origin: https://GOOD.example\r\n"), "", ""},
		{"UTF-8 in the query", swap("room=a", "room=кот"), "", ""},
		{"obs-text in a header", add("Cookie: a=\xff\xfe\r\n"), "", ""},
		{"empty header", add("X:\r\n"), "", ""},
		{"U17 no parameters", add(deflate + "\r\n"), "permessage-deflate;server_no_context_takeover;client_no_context_takeover", ""},
		{"U17 Chrome", add(deflate + "; client_max_window_bits\r\n"), "permessage-deflate;server_no_context_takeover;client_no_context_takeover", ""},
		{"U17 window of 7", add(deflate + "; client_max_window_bits=7\r\n"), "", ""},
		{"U17 duplicate parameter", add(deflate + "; client_no_context_takeover; client_no_context_takeover\r\n"), "", ""},
		{"U17 unknown parameter", add(deflate + "; x\r\n"), "", ""},
		{"U17 window of ours", add(deflate + "; server_max_window_bits=9, permessage-deflate\r\n"), "permessage-deflate;server_no_context_takeover;client_no_context_takeover;server_max_window_bits=9", ""},
		{"U17 second offer in a second header", add(deflate + "; server_max_window_bits=7\r\n" + deflate + "; server_max_window_bits=15, permessage-deflate\r\n"), "permessage-deflate;server_no_context_takeover;client_no_context_takeover;server_max_window_bits=15", ""},
		{"U17 second offer", add(deflate + "; server_max_window_bits=7, permessage-deflate\r\n"), "permessage-deflate;server_no_context_takeover;client_no_context_takeover", ""},
		{"U17 many offers", add("Sec-WebSocket-Extensions: " + strings.Repeat("permessage-deflate, ", 350) + "x\r\n"), "permessage-deflate;server_no_context_takeover;client_no_context_takeover", ""},
		{"U17 off", strings.Replace(add(deflate+"\r\n"), "/ws", "/plain", 1), "", ""},
		{"subprotocol", add("Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n"), "", "chat.v1"},
		{"subprotocol, unknown first", add("Sec-WebSocket-Protocol: x, chat.v2\r\n"), "", "chat.v2"},
		{"subprotocol in two headers", add("Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: chat.v2, chat.v1\r\n"), "", "chat.v2"},
		{"subprotocol in other case", add("Sec-WebSocket-Protocol: CHAT.v1\r\n"), "", ""},
		{"U20 never echoed", strings.Replace(add("Sec-WebSocket-Protocol: evil\r\n"), "/ws", "/plain", 1), "", ""},
		{"exactly 32 KiB", add("X: " + strings.Repeat("a", DefaultMaxHeader-len(good)-5) + "\r\n"), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			v, response := eachChunking(t, tt.request)
			if v.kind != accepted || v.used != len(tt.request) {
				t.Fatalf("%+v %q, want a 101", v, response)
			}
			h := parse(t, response).Header
			if h.Get("Sec-WebSocket-Accept") != goodAccept || h.Get("Upgrade") != "websocket" || h.Get("Connection") != "Upgrade" {
				t.Errorf("bad 101: %q", response)
			}
			if h.Get("Sec-WebSocket-Extensions") != tt.extensions || (v.window != 0) != (tt.extensions != "") {
				t.Errorf("extensions %q (window %d), want %q", h.Get("Sec-WebSocket-Extensions"), v.window, tt.extensions)
			}
			if p := h.Values("Sec-WebSocket-Protocol"); strings.Join(p, "|") != tt.subprotocol {
				t.Errorf("subprotocol %q, want %q", p, tt.subprotocol)
			}
		})
	}
}

// TestFrameBehindRequest: the first frame may arrive with the request.
func TestFrameBehindRequest(t *testing.T) {
	in := good + "\x81\x85\x00\x00\x00\x00hello"
	v, _, _ := feed(testServer(), []byte(in))
	if v.kind != accepted || v.used != len(good) {
		t.Fatalf("%+v, want used %d", v, len(good))
	}
	eachChunking(t, in)
}

func TestReadDoesNotChangeInput(t *testing.T) {
	in, scan := []byte(strings.ToLower(good)), Scan{}
	in = append([]byte(good[:len("GET /ws?room=a HTTP/1.1\r\n")]), in[len("GET /ws?room=a HTTP/1.1\r\n"):]...)
	before := string(in)
	testServer().run(nil, in, &scan)
	if string(in) != before {
		t.Errorf("the input was changed to %q", in)
	}
}

func TestResponseIsAppended(t *testing.T) {
	for _, request := range []string{good, swap("13", "8")} {
		var scan Scan
		_, out := testServer().run([]byte("before"), []byte(request), &scan)
		if !strings.HasPrefix(string(out), "beforeHTTP/1.1 ") {
			t.Errorf("%q", out)
		}
	}
}

func TestPlainHTTPIsNotAnswered(t *testing.T) {
	tests := []struct {
		id, request string
		used        int
	}{
		{"page", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
		{"HEAD", "HEAD /ws HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"POST with a body", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 3},
		{"chunked", "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 5},
		{"star", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"other upgrade", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 0},
	}
	for _, tt := range tests {
		v, response := eachChunking(t, tt.request)
		if v.kind != plainHTTP || v.used != len(tt.request)-tt.used || response != "" {
			t.Errorf("%s: %+v %q", tt.id, v, response)
		}
	}
	if v, _ := eachChunking(t, "GET / HTTP/1.1\r\n\r\n"); v.kind != rejected {
		t.Errorf("HTTP/1.1 without Host: %+v", v)
	}
}

func TestRequestMethods(t *testing.T) {
	addr := netip.MustParseAddrPort("192.0.2.1:99")
	var kept, copied *Request
	check := func(what, got, want string) {
		if got != want {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
	}
	u := &server{Upgrader: Upgrader{Endpoints: []Endpoint{{Subprotocols: []string{"b"}}}}, remote: addr}
	u.accept = map[string]func(*Request) error{"/a%20b": func(r *Request) error {
		kept = r
		check("method", r.Method(), "GET")
		check("path", r.Path(), "/a%20b")
		check("query", r.Query(), "c=%64?e")
		check("host", r.Host(), "good.example")
		check("origin", r.Origin(), "http://good.example")
		check("header", r.Header("x-two"), "1")
		check("no header", r.Header("X-Tw"), "")
		check("subprotocol", r.Subprotocol(), "b")
		check("remote", r.RemoteAddr().String(), addr.String())
		r.SetContext("mine")
		r.SetAffinity("room")
		copied = r.Clone()
		return nil
	}}
	in := strings.Replace(add("Origin:http://good.example\r\nX-Two:  1 \r\nX-TWO: 2\r\nSec-WebSocket-Protocol: a,b\r\n"), "/ws?room=a", "/a%20b?c=%64?e", 1)
	var scan Scan
	bytes := []byte(in)
	v, out := u.run(nil, bytes, &scan)
	if v.kind != accepted || v.context != "mine" || v.affinity != "room" {
		t.Fatalf("%+v %q", v, out)
	}
	check("path after Accept", kept.Path()+kept.Header("Host"), "")
	clear(bytes)
	check("clone", copied.Path()+copied.Query()+copied.Host()+copied.Header("X-Two")+copied.Subprotocol(), "/a%20bc=%64?egood.example1b")
	check("response of the clone", string(copied.AppendAccept(nil)), string(out))
}

func TestRejectResponse(t *testing.T) {
	_, response, _ := feed(testServer(), []byte(swap("/ws", "/deny")))
	res := parse(t, string(response))
	if res.Header.Get("Retry-After") != "7" || res.Header.Get("X-Bad") != "a  b" {
		t.Errorf("headers %v", res.Header)
	}
	_, response, _ = feed(testServer(), []byte(swap("/ws", "/broken")))
	if strings.Contains(string(response), "secret") {
		t.Errorf("an inner error leaks: %q", response)
	}
	for status, want := range map[int]int{0: 403, 200: 500, 429: 429, 1000: 500} {
		r, _ := RejectFor(fmt.Errorf("wrapped: %w", &Reject{Status: status}))
		if got := parse(t, string(r.Append(nil))).StatusCode; got != want || got != r.StatusCode() {
			t.Errorf("Reject{Status: %d} answers %d, want %d", status, got, want)
		}
	}
}

// TestEndpointsOfOnePathAreMatched routes requests for one path by what they offer.
func TestEndpointsOfOnePathAreMatched(t *testing.T) {
	offers := func(name string) func(*Request) bool {
		return func(r *Request) bool { return slices.Contains(slices.Collect(r.Offered()), name) }
	}
	u := Upgrader{Endpoints: []Endpoint{
		{Path: "/ws", Match: offers("b"), Subprotocols: []string{"b"}},
		{Path: "/ws", Match: offers("a"), Subprotocols: []string{"a"}},
		{Path: "/other"},
	}}
	for offered, want := range map[string]struct {
		endpoint    int
		subprotocol string
		status      int
	}{
		"a": {1, "a", 0}, "x, b": {0, "b", 0}, "a, b": {0, "b", 0}, "c": {0, "", 404}, "": {0, "", 404},
	} {
		var r Request
		var scan Scan
		request := "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		if offered != "" {
			request += "Sec-WebSocket-Protocol: " + offered + "\r\n"
		}
		n, reject := u.Read(&r, []byte(request+"\r\n"), &scan)
		if n == 0 || reject != nil {
			t.Fatal(n, reject)
		}
		switch reject = u.Check(&r); {
		case want.status != 0:
			if reject == nil || reject.Status != want.status {
				t.Errorf("%q: %v", offered, reject)
			}
		case reject != nil || r.Endpoint() != want.endpoint || r.Subprotocol() != want.subprotocol:
			t.Errorf("%q: %d %v, endpoint %d, %q", offered, n, reject, r.Endpoint(), r.Subprotocol())
		}
	}
}

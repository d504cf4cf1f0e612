//go:build !windows

package netpoll

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/limit"
)

// caller is a client on an address of its own.
type caller struct {
	net.Conn
	r *bufio.Reader
}

// call connects from the loopback address 127.0.0.host and sends preamble before all else.
func call(t testing.TB, s *Server, host int, preamble string) *caller {
	t.Helper()
	if runtime.GOOS != "linux" && host != 1 {
		t.Skip("only Linux has all of 127/8")
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(host))}}
	if s.local {
		d.LocalAddr = nil
	}
	c, err := d.DialContext(testCtx(t), s.address.Network(), s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { _ = c.Close() })
	for i := range len(preamble) { // a byte at a time
		if _, err := io.WriteString(c, preamble[i:i+1]); err != nil {
			break // refused meanwhile
		}
	}
	if s.TLS != nil {
		c = tls.Client(c, clientTLS(0))
	}
	return &caller{Conn: c, r: bufio.NewReader(c)}
}

// upgrade asks for a WebSocket and returns the status line, or the error.
func (c *caller) upgrade(headers ...string) string {
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
	for _, h := range headers {
		fmt.Fprintf(c, "%s\r\n", h)
	}
	_, _ = io.WriteString(c, "\r\n")
	status := ""
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return status + err.Error()
		}
		if line == "\r\n" {
			return status
		}
		if status == "" {
			status = strings.TrimSpace(line)
		}
	}
}

// address returns the client address that a server of addressServer has sent.
func (c *caller) address(t testing.TB) string {
	t.Helper()
	_, _ = c.Write(frame.AppendMaskedFrame(nil, frame.OpText, []byte("?"), [4]byte{}))
	f, err := readFrame(c.r)
	if err != nil {
		t.Fatal(err)
	}
	return string(f.Payload)
}

// addressServer sends each client the address of its Conn and, if it differs, that of its Request.
func addressServer(t testing.TB, s *Server) *Server {
	s.Loops = 1
	s.Endpoints = []Endpoint{{
		Accept: func(r *Request) error { r.SetContext(r.RemoteAddr()); return nil },
		OnMessage: func(c *Conn, op frame.Op, p []byte) {
			text := c.RemoteAddr().String()
			if r := c.Context().(netip.AddrPort); r != c.RemoteAddr() {
				text += " but " + r.String()
			}
			c.Send(op, []byte(text))
		},
	}}
	return start(t, s)
}

const switching = "HTTP/1.1 101 Switching Protocols"

func TestConnsPerIP(t *testing.T) {
	for _, server := range []*Server{{MaxConnsPerIP: 2}, {MaxConnsPerIP: 2, TLS: tlsConfig()}} {
		s := addressServer(t, server)
		first, second := call(t, s, 1, ""), call(t, s, 1, "")
		if a, b := first.upgrade(), second.upgrade(); a != switching || b != switching {
			t.Fatal(a, b)
		}
		if got := call(t, s, 1, "").upgrade(); got == switching || s.TLS == nil && !strings.Contains(got, "429") {
			t.Errorf("the third: %s", got)
		}
		if got := call(t, s, 2, "").upgrade(); got != switching {
			t.Errorf("another address: %s", got)
		}
		if n := s.Refusals().PerIP; n != 1 {
			t.Errorf("%d counted", n)
		}
		_ = second.Close()
		eventually(t, "a place is free again", func() bool { return call(t, s, 1, "").upgrade() == switching })
	}
}

func TestConnRatePerIP(t *testing.T) {
	s := addressServer(t, &Server{ConnRatePerIP: 1})
	for i := range 2 { // two seconds' worth
		if got := call(t, s, 1, "").upgrade(); got != switching {
			t.Fatal(i, got)
		}
	}
	if got := call(t, s, 1, "").upgrade(); got == switching {
		t.Error("a third one at once")
	}
	if got := call(t, s, 2, "").upgrade(); got != switching {
		t.Errorf("another address: %s", got)
	}
	if n := s.Refusals().PerIPRate; n != 1 {
		t.Errorf("%d counted", n)
	}
	eventually(t, "it is let in after a second", func() bool { return call(t, s, 1, "").upgrade() == switching })
}

var loopbackOne = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// TestForwardedClientIsLimited: a connection through the proxy 127.0.0.1 counts for the address that the proxy names.
// Addresses named by peers that are not trusted are ignored.
func TestForwardedClientIsLimited(t *testing.T) {
	s := addressServer(t, &Server{TrustedProxies: loopbackOne, MaxConnsPerIP: 2})
	for range 2 {
		c := call(t, s, 1, "")
		if got := c.upgrade("X-Forwarded-For: 6.6.6.6, 9.9.9.9", "Forwarded: for=6.6.6.6"); got != switching {
			t.Fatal(got)
		}
		if got := c.address(t); got != "9.9.9.9:0" {
			t.Errorf("the address is %s", got)
		}
	}
	if got := call(t, s, 1, "").upgrade("X-Forwarded-For: 7.7.7.7, 9.9.9.9"); got != "HTTP/1.1 429 Too Many Requests" {
		t.Errorf("the third of 9.9.9.9: %s", got)
	}
	for i := range 3 { // the limit does not apply to the proxy's own address
		if got := call(t, s, 1, "").upgrade(fmt.Sprintf("X-Forwarded-For: 8.8.8.%d", i)); got != switching {
			t.Errorf("8.8.8.%d: %s", i, got)
		}
	}
	liar := call(t, s, 2, "")
	if got := liar.upgrade("X-Forwarded-For: 1.2.3.4"); got != switching {
		t.Fatal(got)
	}
	if got := liar.address(t); !strings.HasPrefix(got, "127.0.0.2:") {
		t.Errorf("a liar is believed to be %s", got)
	}
	s = addressServer(t, &Server{TrustedProxies: loopbackOne, ForwardedHeader: "Forwarded"})
	c := call(t, s, 1, "")
	c.upgrade("X-Forwarded-For: 6.6.6.6", `Forwarded: for="[2001:db8::1]:47"`)
	if got := c.address(t); got != "[2001:db8::1]:47" {
		t.Errorf("Forwarded: %s", got)
	}
	if got := call(t, s, 1, "").upgrade(`Forwarded: for="6.6.6.6, for=9.9.9.9`); got != "HTTP/1.1 400 Bad Request" {
		t.Errorf("an open quote: %s", got)
	}
}

// TestProxyProtocol sends PROXY headers in front of HTTP and of TLS.
func TestProxyProtocol(t *testing.T) {
	const (
		v1 = "PROXY TCP4 9.8.7.6 127.0.0.1 4444 80\r\n"
		v2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x09\x08\x07\x06\x7f\x00\x00\x01\x11\x5c\x00\x50" // the same in version 2
	)
	for _, server := range []*Server{{}, {TLS: tlsConfig()}} {
		server.TrustedProxies, server.ProxyProtocol, server.MaxConnsPerIP = loopbackOne, true, 2
		s := addressServer(t, server)
		first, second := call(t, s, 1, v1), call(t, s, 1, v2)
		for _, c := range []*caller{first, second} {
			if got := c.upgrade(); got != switching {
				t.Fatal(got)
			}
			if got := c.address(t); got != "9.8.7.6:4444" {
				t.Errorf("the address is %s", got)
			}
		}
		if got := call(t, s, 1, v1).upgrade(); got == switching || s.Refusals().PerIP != 1 {
			t.Errorf("the third: %s", got)
		}
		if got := call(t, s, 1, "PROXY UNKNOWN\r\n").upgrade(); got != switching {
			t.Errorf("a health check: %s", got)
		}
		if got := call(t, s, 1, "GET / HTTP/1.1\r\n").upgrade(); got == switching || s.Refusals().BadProxy != 1 {
			t.Errorf("without a header: %s", got)
		}
		if got := call(t, s, 2, v1).upgrade(); got == switching {
			t.Error("a header of somebody who is not trusted")
		}
		honest := call(t, s, 2, "")
		if got := honest.upgrade(); got != switching {
			t.Fatalf("without the proxy: %s", got)
		}
		if got := honest.address(t); !strings.HasPrefix(got, "127.0.0.2:") {
			t.Errorf("without the proxy: %s", got)
		}
	}
}

// TestProxyProtocolStalls: a connection whose PROXY header never comes is closed.
func TestProxyProtocolStalls(t *testing.T) {
	s := addressServer(t, &Server{ProxyProtocol: true, HeaderTimeout: 50 * time.Millisecond})
	c := call(t, s, 1, "PROXY TCP4 ")
	if _, err := c.r.ReadByte(); err == nil || s.NumConns() > 1 {
		t.Errorf("%v, %d connections", err, s.NumConns())
	}
	eventually(t, "it is gone", func() bool { return s.NumConns() == 0 })
}

// TestLaggingLoopRefusesConnections blocks a loop: new connections are refused, open ones stay.
func TestLaggingLoopRefusesConnections(t *testing.T) {
	s := addressServer(t, &Server{MaxLag: 100 * time.Millisecond})
	there := call(t, s, 1, "")
	eventually(t, "the first connects", func() bool { there = call(t, s, 1, ""); return there.upgrade() == switching })
	release := make(chan bool)
	s.Loop(0).Do(func() { <-release })
	eventually(t, "the loop is late", func() bool { return s.Loop(0).currentLag() > 2*s.MaxLag })
	late := call(t, s, 1, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // arrives before the server accepts it
	close(release)
	if answer, err := io.ReadAll(late.r); err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 503 ")) || !bytes.Contains(answer, []byte("Retry-After: ")) {
		t.Errorf("%q, %v", answer, err)
	}
	if n := s.Refusals().Lagging; n < 1 {
		t.Errorf("%d counted", n)
	}
	if got := there.address(t); !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("who was there gets %s", got)
	}
	eventually(t, "the loop is in time again", func() bool { return call(t, s, 1, "").upgrade() == switching })
}

// TestAcceptRateDelaysConnections: AcceptRate refuses no connection, it only delays them.
func TestAcceptRateDelaysConnections(t *testing.T) {
	s := addressServer(t, &Server{AcceptRate: 20})
	began := time.Now()
	var callers []*caller
	for range 8 {
		callers = append(callers, call(t, s, 1, ""))
	}
	for _, c := range callers {
		if got := c.upgrade(); got != switching {
			t.Fatal(got)
		}
	}
	if d := time.Since(began); d < 250*time.Millisecond || s.Refusals().Paced == 0 {
		t.Errorf("8 at 20 a second came in %v, %d pauses", d, s.Refusals().Paced)
	}
}

// TestLimitIP: new limits of a running server apply to new connections.
func TestLimitIP(t *testing.T) {
	s := addressServer(t, &Server{MaxConnsPerIP: 2})
	let := func(n int) (in int) {
		for range n {
			if call(t, s, 1, "").upgrade() == switching {
				in++
			}
		}
		return in
	}
	for _, step := range []struct{ conns, asks, in int }{{2, 3, 2}, {4, 5, 2}, {3, 1, 0}, {0, 9, 9}} {
		s.LimitIP(step.conns, 0)
		if in := let(step.asks); in != step.in {
			t.Errorf("%+v: %d came in", step, in)
		}
	}
	s.LimitIP(0, 1)
	eventually(t, "too fast", func() bool { return let(1) == 0 })
}

// TestLimitIPSwitchesLimitsOn: a server that had no limits counts connections from LimitIP on, and only those.
func TestLimitIPSwitchesLimitsOn(t *testing.T) {
	s := addressServer(t, &Server{})
	first := call(t, s, 1, "")
	if got := first.upgrade(); got != switching {
		t.Fatal(got)
	}
	s.LimitIP(1, 0)
	if got := call(t, s, 1, "").upgrade(); got != switching {
		t.Errorf("the connection from before was counted: %s", got)
	}
	if got := call(t, s, 1, "").upgrade(); got == switching {
		t.Error("a second connection was accepted")
	}
	s.LimitIP(0, 0)
	if got := call(t, s, 1, "").upgrade(); got != switching {
		t.Errorf("the limit was not lifted: %s", got)
	}
}

// TestIPLimiterCountsNetworks: addresses count by /64, and idle ones are forgotten.
func TestIPLimiterCountsNetworks(t *testing.T) {
	v := newIPLimiter(1<<12, 2, 10)
	at := func(last uint64) netip.Addr {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:%x:%x::%x", last>>32, last>>16&0xffff, last&0xffff))
	}
	for fd := range int32(3) {
		want := limit.Allowed
		if fd == 2 {
			want = limit.TooMany
		}
		if got := v.add(fd, at(uint64(fd)), 0); got != want {
			t.Errorf("%d of a network: %d", fd, got)
		}
	}
	if v.add(3, at(1<<16), 0) != limit.Allowed || v.add(4, netip.MustParseAddr("::ffff:1.2.3.4"), 0) != limit.Allowed {
		t.Error("others are not welcome")
	}
	for fd := range int32(5) {
		v.release(v.take(fd).entry, time.Minute)
	}
	if v.Len() != 0 {
		t.Errorf("%d are kept", v.Len())
	}
	for i := range uint64(100_000) { // each connection ends at once, but the entry for its rate stays
		now := time.Duration(i) * time.Millisecond
		if v.add(7, at(i<<16), now) != limit.Allowed {
			t.Fatal(i)
		}
		v.release(v.take(7).entry, now)
	}
	if n := v.Len(); n > 64*40 {
		t.Errorf("%d of 100,000 who came and went are kept", n)
	}
}

func BenchmarkIPLimiter(b *testing.B) {
	v, a := newIPLimiter(1<<12, 100, 1_000_000), netip.MustParseAddr("1.2.3.4")
	for i := 0; b.Loop(); i++ {
		now := time.Duration(i) * time.Millisecond
		v.add(7, a, now)
		v.release(v.take(7).entry, now)
	}
}

//go:build !windows

package netpoll

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/netpoll/upgrade"
)

// TestHeaderMemoryShares fills the limit with requests that want all of it.
func TestHeaderMemoryShares(t *testing.T) {
	const longest, limit = 32 << 10, 1 << 20
	m := &headerMemory{limit: limit, longest: longest}
	var held [][]byte
	hold := func(size int) (refused bool) {
		var b []byte
		for len(b)+100 <= size {
			grown, ok := m.append(b, make([]byte, 100))
			if !ok {
				m.release(b)
				return true
			}
			b = grown
		}
		held = append(held, b)
		return false
	}
	for range limit / 2 / longest {
		if hold(longest) {
			t.Fatalf("the longest was refused while %d were used", m.used.Load())
		}
	}
	for range 5000 {
		hold(longest)
		hold(600)
	}
	if used := m.used.Load(); used > limit || used < limit*3/4 {
		t.Errorf("%d bytes are used, the limit is %d", used, limit)
	}
	if !hold(longest) {
		t.Error("the longest was let in although nearly everything is used")
	}
	for _, b := range held {
		m.release(b)
	}
	if used := m.used.Load(); used != 0 {
		t.Errorf("%d bytes are used when nobody has any", used)
	}
}

// TestHeaderMemoryKeepsBytes: growing loses nothing, also where it is refused.
func TestHeaderMemoryKeepsBytes(t *testing.T) {
	m := &headerMemory{limit: 1 << 20, longest: 1 << 10}
	b, ok := m.append(nil, []byte(strings.Repeat("a", 600)))
	if !ok {
		t.Fatal("600 bytes of 1,024 are refused")
	}
	if b, ok = m.append(b, []byte(strings.Repeat("b", 600))); !ok || string(b) != strings.Repeat("a", 600)+strings.Repeat("b", 600) {
		t.Fatalf("%v %d", ok, len(b))
	}
	m.used.Add(1 << 20) // memory of other requests
	if again, ok := m.append(b, make([]byte, 4000)); ok || string(again) != string(b) {
		t.Errorf("%v %d", ok, len(again))
	}
}

// halfRequest has sent size bytes of a request and not its end.
func halfRequest(t *testing.T, s *Server, size int) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	head := "GET / HTTP/1.1\r\nHost: x\r\nCookie: "
	if _, err := io.WriteString(c, head+strings.Repeat("a", size-len(head))); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestHalfHeadersOnManyConnections: parts of requests on many connections take no more memory than the limit. Then long
// ones are answered 503, an ordinary request in two pieces is served, and all memory comes back.
func TestHalfHeadersOnManyConnections(t *testing.T) {
	const limit = 1 << 20
	s := start(t, &Server{Loops: 2, HeaderTimeout: time.Minute, MaxHeaderMemory: limit, Endpoints: []Endpoint{echo()}})
	var conns []net.Conn
	for range 200 { // 30 KiB each would be six times the limit
		conns = append(conns, halfRequest(t, s, 30<<10))
	}
	refused := func() int64 { return s.Stats().Limits.MaxHeaderMemory }
	eventually(t, "some are refused", func() bool { return refused() > 100 })
	if used := s.engine.headers.used.Load(); used > limit {
		t.Errorf("%d bytes are used", used)
	}
	c := halfRequest(t, s, 200)
	eventually(t, "the half is there", func() bool { return s.NumConns() > 0 && s.Stats().BytesIn >= 200 })
	_, _ = io.WriteString(c, "\r\n"+request[strings.Index(request, "Upgrade"):])
	b := make([]byte, 12)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1.1 101" {
		t.Errorf("%q %v", b, err)
	}
	told := false
	for _, c := range slices.Backward(conns) { // the last ones are refused first
		if !told {
			_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
			n, _ := io.ReadFull(c, b)
			told = n == len(b) && string(b) == "HTTP/1.1 503"
		}
		_ = c.Close()
	}
	if !told {
		t.Error("nobody was told 503")
	}
	eventually(t, "the memory comes back", func() bool { return s.engine.headers.used.Load() == 0 })
}

// TestMaxHeader is a setting, for the page as well.
func TestMaxHeader(t *testing.T) {
	s := start(t, &Server{Loops: 1, MaxHeader: 2000, Endpoints: []Endpoint{echo()}})
	for size, want := range map[int]string{1900: "HTTP/1.1 426", 2001: "HTTP/1.1 431"} {
		c := halfRequest(t, s, size)
		_, _ = io.WriteString(c, "\r\n\r\n")
		b := make([]byte, 12)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
			t.Errorf("%d bytes: %q %v, want %s", size, b, err, want)
		}
	}
	if got := s.Stats().Limits.MaxHeader; got != 1 {
		t.Errorf("counted %d times", got)
	}
	if got := s.Stats().RefusedFor; got[upgrade.CauseHeaderSize] != 1 || got[upgrade.CauseBadRequest] != 1 {
		t.Errorf("causes %v", got)
	}
}

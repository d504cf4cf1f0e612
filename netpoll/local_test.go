//go:build !windows

package netpoll

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func localListener(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// TestLocalListener: the peer of a Unix socket is a proxy on this machine. The client address that its header names is
// used, also for the limits. A request that names no client counts for no address.
func TestLocalListener(t *testing.T) {
	s := addressServer(t, &Server{Listener: localListener(t), MaxConnsPerIP: 1})
	for _, c := range []struct{ header, status, address string }{
		{"X-Forwarded-For: 203.0.113.1", "101", "203.0.113.1:0"},
		{"X-Forwarded-For: 203.0.113.1", "429", ""},
		{"X-Forwarded-For: 203.0.113.1, 203.0.113.2,", "101", "203.0.113.2:0"}, // the rightmost: neither is trusted
		{"X-Forwarded-For: 2001:db8::1", "101", "[2001:db8::1]:0"},
		{"X-Forwarded-For: unknown", "101", "invalid AddrPort"},
		{"Forwarded: for=203.0.113.3", "101", "invalid AddrPort"}, // not the header that is set
		{"X-Forwarded-For:", "101", "invalid AddrPort"},
	} {
		conn := call(t, s, 1, "")
		if got := conn.upgrade(c.header); !strings.Contains(got, c.status) {
			t.Errorf("%s: %q, want %s", c.header, got, c.status)
		} else if c.status == "101" && conn.address(t) != c.address {
			t.Errorf("%s: not the address %s", c.header, c.address)
		}
	}
}

// TestLocalListenerBehindProxies: addresses of TrustedProxies are skipped in the header.
func TestLocalListenerBehindProxies(t *testing.T) {
	s := addressServer(t, &Server{Listener: localListener(t), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	conn := call(t, s, 1, "")
	if got := conn.upgrade("X-Forwarded-For: 6.6.6.6, 203.0.113.1, 10.0.0.1"); !strings.Contains(got, "101") || conn.address(t) != "203.0.113.1:0" {
		t.Error(got)
	}
}

// TestLocalListenerProxyProtocol: the header is expected, and names the client.
func TestLocalListenerProxyProtocol(t *testing.T) {
	s := addressServer(t, &Server{Listener: localListener(t), ProxyProtocol: true})
	conn := call(t, s, 1, "PROXY TCP4 203.0.113.9 127.0.0.1 4711 80\r\n")
	if got := conn.upgrade("X-Forwarded-For: 6.6.6.6"); !strings.Contains(got, "101") || conn.address(t) != "203.0.113.9:4711" {
		t.Error(got)
	}
}

// TestLocalListenerHTTP: plain requests go to net/http as on a TCP port, and the file of the socket stays.
func TestLocalListenerHTTP(t *testing.T) {
	s := start(t, &Server{Listener: localListener(t), Loops: 2, Endpoints: []Endpoint{echo()}, HTTP: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "a page")
	})})
	for range 4 { // on every loop
		c, err := net.Dial("unix", s.ListenAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		b, err := io.ReadAll(c)
		if err != nil || !strings.HasSuffix(string(b), "a page") {
			t.Errorf("%q %v", b, err)
		}
		_ = c.Close()
	}
	_ = s.Close()
	if _, err := os.Stat(s.ListenAddr().String()); err != nil {
		t.Error(err)
	}
}

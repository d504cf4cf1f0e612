//go:build !windows

package netpoll

import (
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/throngd/throng/netpoll/upgrade"
)

// TestOnRefuse: OnRefuse is called for refusals of a request and at accept, with the address, the cause and the status.
func TestOnRefuse(t *testing.T) {
	type heard struct {
		addr   netip.AddrPort
		cause  upgrade.Cause
		status int
	}
	refused := make(chan heard, 4)
	s := start(t, &Server{Loops: 1, MaxConns: 1, Endpoints: []Endpoint{{Path: "/ws"}}, OnRefuse: func(r Refused) {
		refused <- heard{r.RemoteAddr(), r.Cause, r.Status}
	}})
	ask := func(path string, want heard) net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", s.ListenAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := c.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if want.status == 0 {
			_, _ = c.Read(make([]byte, 1)) // it is open
			return c
		}
		want.addr = netip.MustParseAddrPort(c.LocalAddr().String())
		if got := <-refused; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		return c
	}
	_ = ask("/nowhere", heard{cause: upgrade.CausePath, status: http.StatusNotFound}).Close()
	eventually(t, "the end of the first", func() bool { return s.NumConns() == 0 })
	ask("/ws", heard{})
	ask("/ws", heard{cause: upgrade.CauseOverload, status: http.StatusServiceUnavailable})
}

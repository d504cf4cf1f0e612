//go:build !windows

package netpoll

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLaggingLoopMakesNoTLSHandshakes blocks a loop: new connections are closed before the TLS handshake, without a
// byte and without work for a worker, and open ones stay. TestLaggingLoopRefusesConnections does the same without TLS.
func TestLaggingLoopMakesNoTLSHandshakes(t *testing.T) {
	s := addressServer(t, &Server{MaxLag: 100 * time.Millisecond, TLS: tlsConfig()})
	var there *caller
	eventually(t, "the first connects", func() bool { there = call(t, s, 1, ""); return there.upgrade() == switching })
	release := make(chan bool)
	s.Loop(0).Do(func() { <-release })
	eventually(t, "the loop is late", func() bool { return s.Loop(0).currentLag() > 2*s.MaxLag })
	refused, shaken := s.Refusals().Lagging, s.Stats().TLS.Count()
	silent, hello := dialRaw(t, s), dialRaw(t, s)
	_ = tls.Client(writeOnly{hello}, clientTLS(0)).Handshake()
	close(release)
	for what, c := range map[string]net.Conn{"who has said nothing": silent, "who has sent a hello": hello} {
		if got, err := io.ReadAll(c); len(got) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s hears %q, %v", what, got, err)
		}
	}
	if n := s.Refusals().Lagging - refused; n != 2 {
		t.Errorf("%d counted", n)
	}
	if n := s.Stats().TLS.Count() - shaken; n != 0 || s.engine.tlsHandshakes.inFlight.Load() != 0 {
		t.Errorf("%d handshakes were made, %d are in flight", n, s.engine.tlsHandshakes.inFlight.Load())
	}
	if got := there.address(t); !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("who was there gets %s", got)
	}
	eventually(t, "the loop is in time again", func() bool { return call(t, s, 1, "").upgrade() == switching })
}

// dialRaw is a TCP connection on which nothing was sent.
func dialRaw(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// writeOnly never reads, so that a handshake stops after its ClientHello. Another reader gets the bytes that arrive.
type writeOnly struct{ net.Conn }

func (writeOnly) Read([]byte) (int, error) { return 0, io.EOF }

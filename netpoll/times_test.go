//go:build !windows

package netpoll

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// delay is the duration of the phase that a test makes slow.
const delay = 400 * time.Millisecond

const request = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// TestTimesOfTheConnectPhases has each phase before a connection is open last long in turn. The server's times of the phases agree
// with those of the client. TestTimesWithANetworkDelay does the same with the network.
func TestTimesOfTheConnectPhases(t *testing.T) {
	for _, c := range []connectTimes{
		{name: "the backlog", waiting: delay},
		{name: "the TLS handshake", tls: delay},
		{name: "the request", http: delay},
		{name: "each", waiting: delay, tls: delay, http: delay},
	} {
		c.secure = true
		t.Run(c.name, func(t *testing.T) {
			upToThreeTimes(t, func() error { return c.measure(t, &Server{}, "") })
		})
	}
}

// connectTimes has the duration of each phase before a connection is open. network is one round trip between the client
// and the server.
type connectTimes struct {
	name                        string
	network, waiting, tls, http time.Duration
	secure                      bool
}

// measure connects to the server, at to or at the address of its listener, and compares the times of the server with
// those of the client.
func (c connectTimes) measure(t *testing.T, s *Server, to string) error {
	s.Loops, s.Endpoints = 1, []Endpoint{echo()}
	if c.secure {
		s.TLS = tlsConfig()
	}
	start(t, s)
	whole := c.connect(t, s, cmp.Or(to, s.address.String()))

	st := s.Stats()
	t.Logf("network %v + waiting %v + TLS %v + upgrade %v of %v", st.Network.Sum, st.Waiting.Sum, st.TLS.Sum, st.Upgrade.Sum, whole)
	waiting := st.Waiting.Sum
	if runtime.GOOS != "linux" {
		waiting = c.waiting
	}
	// The client sends after the server has accepted, so its first bytes arrive half a round trip later.
	if trip := c.network / 2; c.secure {
		c.tls += 3 * trip // the ClientHello, the server's flight, the client's Finished
	} else {
		c.http += trip
	}
	return errors.Join(near("the network", st.Network.Sum, c.network, whole),
		near("waiting", waiting, c.waiting, whole),
		near("TLS", st.TLS.Sum, c.tls, whole),
		near("upgrade", st.Upgrade.Sum, c.http, whole),
		near("the sum", st.Network.Sum+waiting+st.TLS.Sum+st.Upgrade.Sum, whole, whole))
}

// connect opens a connection slowly. It returns the duration at the server's end of the network, where everything
// begins half a round trip later, with the SYN, and ends half a round trip earlier, with the 101. On a busy machine the
// phases last longer than intended, so without a network delay connect puts the measured times in c.
func (c *connectTimes) connect(t *testing.T, s *Server, to string) (whole time.Duration) {
	if c.waiting > 0 { // the loop does not accept for a while
		busy, known := make(chan struct{}), c.network+c.network/2 // SYN, SYN-ACK, ACK
		s.Loop(0).Do(func() { close(busy); time.Sleep(known + c.waiting) })
		<-busy
	}
	begin := time.Now()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	eventually(t, "accepted", func() bool { return s.Stats().Accepted == 1 })
	accepted := time.Now()
	if c.secure {
		time.Sleep(c.tls)
		client := tls.Client(conn, clientTLS(0))
		if err := client.Handshake(); err != nil {
			t.Fatal(err)
		}
		conn = client
	}
	secured := time.Now()
	_, _ = conn.Write([]byte(request[:30]))
	time.Sleep(c.http)
	_, _ = conn.Write([]byte(request[30:]))
	if _, err := conn.Read(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if c.network == 0 {
		c.tls, c.http = secured.Sub(accepted), time.Since(secured)
	}
	return time.Since(begin) - c.network
}

// TestClosingIsMeasured has a peer that delays its answer to the server's close frame.
func TestClosingIsMeasured(t *testing.T) {
	e := echo()
	e.OnMessage = func(c *Conn, _ frame.Op, _ []byte) { c.Close(4001, "enough") }
	upToThreeTimes(t, func() error {
		s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})
		c := raw(t, s, "/", "")
		_, _ = c.Write(frame.AppendMaskedFrame(nil, frame.OpText, []byte("x"), [4]byte{1, 2, 3, 4}))
		if f, err := readFrame(c); err != nil || f.Header.OpCode != 8 {
			t.Fatal(f, err)
		}
		begin := time.Now()
		time.Sleep(delay)
		_ = c.Close()
		eventually(t, "gone", func() bool { return s.NumConns() == 0 })
		whole := time.Since(begin)
		st := s.Stats()
		if n := st.Closing.Count(); n != 1 {
			t.Fatalf("%d closes were timed", n)
		}
		return near("the close", st.Closing.Sum, whole, whole)
	})
}

// near checks that got is want but for 5 % of the whole.
func near(what string, got, want, whole time.Duration) error {
	if (got - want).Abs() > whole/20 {
		return fmt.Errorf("%s took %v, want %v within 5 %% of %v", what, got, want, whole)
	}
	return nil
}

// upToThreeTimes allows for a machine that was busy elsewhere while the test measured.
func upToThreeTimes(t *testing.T, measure func() error) {
	t.Helper()
	var err error
	for range 3 {
		if err = measure(); err == nil {
			return
		}
		t.Log(err)
	}
	t.Error(err)
}

//go:build !windows

package netpoll

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// delay is what each test makes one part last.
const delay = 400 * time.Millisecond

const request = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// TestConnectTimes makes each part of a connection's way in last in turn: it is told which, and
// the parts together are what the client has waited.
func TestConnectTimes(t *testing.T) {
	for _, c := range []struct {
		name               string
		waiting, tls, http time.Duration
	}{
		{"the backlog", delay, 0, 0},
		{"the TLS handshake", 0, delay, 0},
		{"the request", 0, 0, delay},
		{"each", delay, delay, delay},
	} {
		t.Run(c.name, func(t *testing.T) {
			thrice(t, func() error {
				s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{echo()}})
				busy := make(chan struct{}) // the loop does not accept for a while
				s.Loop(0).Do(func() { close(busy); time.Sleep(c.waiting) })
				<-busy

				begin := time.Now()
				conn, err := net.Dial("tcp", s.address.String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				eventually(t, "accepted", func() bool { return s.Stats().Accepted == 1 })
				time.Sleep(c.tls)
				client := tls.Client(conn, clientTLS(0))
				if err := client.Handshake(); err != nil {
					t.Fatal(err)
				}
				_, _ = client.Write([]byte(request[:30]))
				time.Sleep(c.http)
				_, _ = client.Write([]byte(request[30:]))
				if _, err := client.Read(make([]byte, 1000)); err != nil {
					t.Fatal(err)
				}
				whole := time.Since(begin)

				st := s.Stats()
				t.Logf("network %v + waiting %v + TLS %v + upgrade %v of %v", st.Network.Sum, st.Waiting.Sum, st.TLS.Sum, st.Upgrade.Sum, whole)
				waiting := st.Waiting.Sum
				if runtime.GOOS != "linux" {
					waiting = c.waiting
				}
				return errors.Join(near("waiting", waiting, c.waiting, whole),
					near("TLS", st.TLS.Sum, c.tls, whole),
					near("upgrade", st.Upgrade.Sum, c.http, whole),
					near("the sum", st.Network.Sum+waiting+st.TLS.Sum+st.Upgrade.Sum, whole, whole))
			})
		})
	}
}

// TestCloseTime has a peer that takes its time to answer our close frame.
func TestCloseTime(t *testing.T) {
	e := echo()
	e.OnMessage = func(c *Conn, _ frame.Op, _ []byte) { c.Close(4001, "enough") }
	thrice(t, func() error {
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

// thrice allows for a machine that was busy elsewhere while the test measured.
func thrice(t *testing.T, measure func() error) {
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

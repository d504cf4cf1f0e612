//go:build !windows

package netpoll

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

// receive waits for a value that a callback sends.
func receive[T any](t testing.TB, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("never came: " + what)
	}
	return v
}

const offerDeflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n"

// deflatedFrame is a masked frame with p compressed.
func deflatedFrame(t testing.TB, p []byte) []byte {
	t.Helper()
	var d frame.Deflater
	b := d.AppendFrame(nil, frame.OpBinary, p)
	h, err := ws.ReadHeader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	f := masked(frame.OpBinary, b[len(b)-int(h.Length):])
	f[0] |= 0x40
	return f
}

// TestInflated: a callback knows whether its message came compressed.
func TestInflated(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		Compression: true,
		OnMessage:   func(c *Conn, op frame.Op, _ []byte) { c.Send(op, fmt.Append(nil, c.Inflated())) },
	}}})
	c := raw(t, s, "/", offerDeflate)
	stream := masked(frame.OpBinary, []byte("plain"))
	stream = append(stream, deflatedFrame(t, []byte("deflated"))...)
	stream = append(stream, masked(frame.OpBinary, []byte("plain"))...)
	if _, err := c.Write(stream); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(texts(t, c, 3)); got != "[false true false]" {
		t.Error(got)
	}
}

// TestLongReadYieldsToOtherConnections: two connections each send, in one read, frames that inflate to a thousand times
// their size, and a third one sends a small message. The third does not wait for all of them, and the two take turns.
func TestLongReadYieldsToOtherConnections(t *testing.T) {
	for name, cfg := range map[string]*tls.Config{"plain": nil, "TLS": tlsConfig()} {
		t.Run(name, func(t *testing.T) {
			var order []int // whose message, and its last byte says which connection that is
			done := make(chan bool, 1)
			const bombs = 40
			s := start(t, &Server{Loops: 1, TLS: cfg, engine: engine{readTime: 1}, Endpoints: []Endpoint{{
				Compression: true,
				OnMessage: func(_ *Conn, _ frame.Op, p []byte) {
					if order = append(order, int(p[len(p)-1])); len(order) == 2*bombs+1 {
						done <- true
					}
				},
			}}})
			conns := []net.Conn{raw(t, s, "/", offerDeflate), raw(t, s, "/", offerDeflate), raw(t, s, "/", offerDeflate)}
			release := held(s)
			for i := range 2 {
				bomb := make([]byte, 60_000)
				bomb[len(bomb)-1] = byte(i)
				if _, err := conns[i].Write(bytes.Repeat(deflatedFrame(t, bomb), bombs)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := conns[2].Write(masked(frame.OpBinary, []byte{2})); err != nil {
				t.Fatal(err)
			}
			release()
			receive(t, done, "all messages")
			lead := 0
			for i, whose := range order {
				switch whose {
				case 0:
					lead++
				case 1:
					lead--
				case 2:
					if i > 8 {
						t.Errorf("a small message waits for %d others", i)
					}
				}
				if lead > 6 || lead < -6 {
					t.Fatalf("the two do not take turns: %v", order)
				}
			}
			if s.Stats().Deferred == 0 {
				t.Error("not counted")
			}
		})
	}
}

// TestRemainderKeepsOrder: messages of all sizes and kinds arrive whole and in order when a read slice is a few of them,
// and the end of the connection is seen after them.
func TestRemainderKeepsOrder(t *testing.T) {
	for _, row := range []struct {
		name  string
		tls   *tls.Config
		close bool // a close frame ends it, else a FIN
	}{{"plain", nil, true}, {"TLS", tlsConfig(), true}, {"plain, FIN", nil, false}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 2))
			var want, got [][]byte
			ended := make(chan frame.CloseCode, 1)
			s := start(t, &Server{Loops: 1, TLS: row.tls, engine: engine{readTime: 1}, Endpoints: []Endpoint{{
				Compression: true,
				OnMessage:   func(_ *Conn, _ frame.Op, p []byte) { got = append(got, bytes.Clone(p)) },
				OnClose:     func(_ *Conn, e CloseEvent) { ended <- e.Code },
			}}})
			var stream []byte
			for range 3000 {
				p := make([]byte, []int{0, 1, 100, 700, 5_000, 60_000}[min(r.IntN(8), 5)]>>r.IntN(8))
				for i := range p {
					p[i] = byte(len(want)) + byte(i)
				}
				want = append(want, p)
				if r.IntN(3) == 0 {
					stream = append(stream, deflatedFrame(t, p)...)
				} else {
					stream = append(stream, masked(frame.OpBinary, p)...)
				}
			}
			code := frame.CloseCode(1006)
			if row.close {
				code = 4001
				stream = append(stream, masked(frame.OpClose, []byte{4001 >> 8, 4001 & 0xff})...)
			}
			c := raw(t, s, "/", offerDeflate)
			for len(stream) > 0 {
				n := min(len(stream), 1+r.IntN(1<<r.IntN(18)))
				if _, err := c.Write(stream[:n]); err != nil {
					t.Fatal(err)
				}
				stream = stream[n:]
			}
			if !row.close {
				_ = c.(*net.TCPConn).CloseWrite()
			}
			if g := receive(t, ended, "the end"); g != code {
				t.Errorf("ended with %d, want %d", g, code)
			}
			if len(got) != len(want) {
				t.Fatalf("%d messages, want %d", len(got), len(want))
			}
			for i := range want {
				if !bytes.Equal(got[i], want[i]) {
					t.Fatalf("message %d is another", i)
				}
			}
			if st := s.Stats(); st.Deferred == 0 {
				t.Error("everything was handed out at once")
			}
		})
	}
}

// TestRemaindersAreBounded: many connections that send much at once cost the loop a megabyte and a short read each.
// Nothing is left in the end.
func TestRemaindersAreBounded(t *testing.T) {
	const conns, messages = 60, 3000
	var most atomic.Int64
	var seen atomic.Int64
	s := &Server{Loops: 1, engine: engine{readTime: 1}}
	s.Endpoints = []Endpoint{{OnMessage: func(*Conn, frame.Op, []byte) {
		most.Store(max(most.Load(), int64(s.engine.loops[0].remainders.bytes)))
		seen.Add(1)
	}}}
	start(t, s)
	var writers sync.WaitGroup
	all := make([]net.Conn, conns)
	for i := range all {
		all[i] = raw(t, s, "/", "")
	}
	release := held(s)
	stream := bytes.Repeat(masked(frame.OpBinary, make([]byte, 50)), messages)
	for _, c := range all {
		writers.Go(func() {
			if _, err := c.Write(stream); err != nil {
				t.Error(err)
			}
		})
	}
	release()
	writers.Wait()
	eventually(t, "all messages are handed out", func() bool { return seen.Load() == conns*messages })
	if n := most.Load(); n < keptBytes/2 || n > keptBytes+readBufSize+conns*shortRead {
		t.Errorf("remainders of %d bytes", n)
	}
	left := make(chan string)
	s.engine.loops[0].Do(func() {
		r := &s.engine.loops[0].remainders
		left <- fmt.Sprint(r.bytes, len(r.queue), len(r.of))
	})
	if got := <-left; got != "0 0 0" {
		t.Errorf("left behind: %s", got)
	}
}

// TestRemainderOfAnEnd: whatever ends a connection that has a remainder, nothing of it is left.
func TestRemainderOfAnEnd(t *testing.T) {
	for _, row := range []struct {
		name string
		end  func(s *Server, c *Conn, client net.Conn)
		code uint16 // 0: no close frame
	}{
		{"closed by the application", func(_ *Server, c *Conn, _ net.Conn) { c.Close(3013, "too many requests") }, 3013},
		{"closed from outside", func(s *Server, c *Conn, _ net.Conn) {
			b := s.Loop(0).NewBatch()
			b.Close(c.Handle(), 3001, "shutdown")
			s.Loop(0).Post(b)
		}, 3001},
		{"a panic", func(*Server, *Conn, net.Conn) { panic("in a callback") }, 1011},
		{"a reset", func(_ *Server, _ *Conn, client net.Conn) {
			_ = client.(*net.TCPConn).SetLinger(0)
			_ = client.Close()
		}, 0},
		{"an answer that cannot be sent", func(_ *Server, c *Conn, client net.Conn) {
			_ = client.(*net.TCPConn).SetLinger(0)
			_ = client.Close()
			c.Send(frame.OpBinary, nil)
		}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			var client net.Conn
			n := 0
			s := &Server{Loops: 1, engine: engine{readTime: 1}}
			s.Endpoints = []Endpoint{{OnMessage: func(c *Conn, _ frame.Op, _ []byte) {
				if n++; n == 200 {
					row.end(s, c, client)
				}
			}}}
			start(t, s)
			client = raw(t, s, "/", "")
			bye := masked(frame.OpClose, []byte{3, 232})
			release := held(s)
			if _, err := client.Write(append(bytes.Repeat(masked(frame.OpBinary, make([]byte, 50)), 1000), bye...)); err != nil {
				t.Fatal(err)
			}
			release()
			if row.code != 0 {
				if code, _ := expectClose(t, client); code != row.code {
					t.Errorf("close code %d", code)
				}
				_ = client.Close()
			}
			eventually(t, "it is gone", func() bool { return s.NumConns() == 0 })
			left := make(chan string)
			s.engine.loops[0].Do(func() {
				r := &s.engine.loops[0].remainders
				left <- fmt.Sprint(r.bytes, len(r.of), r.own)
			})
			if got := <-left; got != "0 0 false" {
				t.Errorf("left behind: %s", got)
			}
		})
	}
}

// TestRemainderIsASignOfLife: a connection is not closed as silent while its bytes wait in a remainder.
func TestRemainderIsASignOfLife(t *testing.T) {
	const messages = 60
	seen := make(chan bool, messages)
	s := start(t, &Server{Loops: 1, engine: engine{readTime: 1}, MessageTimeout: 20 * time.Millisecond, Endpoints: []Endpoint{{
		PingInterval: 20 * time.Millisecond, PongTimeout: 20 * time.Millisecond, Compression: true,
		OnMessage: func(*Conn, frame.Op, []byte) { time.Sleep(5 * time.Millisecond); seen <- true },
	}}})
	c := raw(t, s, "/", offerDeflate)
	release := held(s)
	stream := bytes.Repeat(deflatedFrame(t, make([]byte, 40_000)), messages)
	if _, err := c.Write(append(stream, 0x82)); err != nil { // and the beginning of another one
		t.Fatal(err)
	}
	release()
	for i := range messages {
		receive(t, seen, fmt.Sprint("message ", i))
	}
	if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, net.ErrClosed) { // now it is silent
		t.Error(err)
	}
}

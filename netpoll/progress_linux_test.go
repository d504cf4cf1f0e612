package netpoll

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// steadyReader reads so many bytes a second of what the kernel has for it.
type steadyReader struct {
	net.Conn
	rate int
}

func (r steadyReader) Read(p []byte) (int, error) {
	const pieces = 20 // a second
	time.Sleep(time.Second / pieces)
	return r.Conn.Read(p[:min(len(p), r.rate/pieces)])
}

// narrow makes the receive window of c small, so that it opens again after some 12 KiB.
func narrow(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.(*net.TCPConn).SetReadBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
}

// TestSteadyReaderIsNotTooOld: a peer reads some MiB at a steady rate, which the kernel's send buffer took long before.
// So the outbox does not shrink for many times MaxBacklogAge. The reader is not closed until it stops.
func TestSteadyReaderIsNotTooOld(t *testing.T) {
	t.Parallel()
	const age = 2 * time.Second
	closed := make(chan frame.CloseCode, 1)
	s := start(t, &Server{Loops: 1, UnsentBytes: -1, Tick: 100 * time.Millisecond, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, MaxBacklogAge: age, SlowCode: 3008, PingInterval: -1,
		OnMessage: func(c *Conn, op frame.Op, _ []byte) { c.Send(op, make([]byte, 32<<20)) },
		OnClose:   func(_ *Conn, e CloseEvent) { closed <- e.Code },
	}}})
	c := raw(t, s, "/", "")
	narrow(t, c)
	_ = c.SetDeadline(time.Now().Add(3 * patience))
	_, _ = c.Write(masked(frame.OpBinary, []byte("x")))
	eventually(t, "the kernel takes no more", func() bool { return s.Stats().Backlog > 0 })
	r, buf := steadyReader{c, 64 << 10}, make([]byte, 64<<10)
	before := s.Stats().Backlog
	for end := time.Now().Add(4 * age); time.Now().Before(end); {
		if _, err := r.Read(buf); err != nil {
			t.Fatal(err)
		}
		select {
		case code := <-closed:
			t.Fatalf("closed with %d while it was reading", code)
		default:
		}
	}
	if after := s.Stats().Backlog; after != before {
		t.Logf("%d bytes left for the kernel meanwhile: the test shows less than it should", before-after)
	}
	if code := <-closed; code != 3008 {
		t.Errorf("code %d when it had stopped", code)
	}
}

// TestSteadyReaderIsNotSilent has a ping wait behind data in the kernel that a slow reader needs several ping intervals
// for: it is not closed before it can have seen the ping, and is closed when it does not answer.
func TestSteadyReaderIsNotSilent(t *testing.T) {
	t.Parallel()
	const interval, size = time.Second, 200_000
	closed := make(chan bool, 1)
	s := start(t, &Server{Loops: 1, UnsentBytes: -1, Tick: 100 * time.Millisecond, Endpoints: []Endpoint{{
		PingInterval: interval, PongTimeout: interval, PongCode: 3012,
		OnMessage: func(c *Conn, op frame.Op, _ []byte) { c.Send(op, make([]byte, size)) },
		OnClose:   func(*Conn, CloseEvent) { closed <- true },
	}}})
	c := raw(t, s, "/", "")
	narrow(t, c)
	_ = c.SetDeadline(time.Now().Add(3 * patience))
	_, _ = c.Write(masked(frame.OpBinary, []byte("x")))
	eventually(t, "the kernel has taken it", func() bool { st := s.Stats(); return st.BytesOut > size && st.Backlog == 0 })
	r := bufio.NewReaderSize(steadyReader{c, size / 6}, 4<<10)
	began := time.Now()
	for pings := 0; ; {
		f, err := readFrame(r)
		if err != nil {
			t.Fatalf("%v after %v", err, time.Since(began))
		}
		switch f.Header.OpCode {
		case ws.OpBinary:
			if took := time.Since(began); took < 3*interval {
				t.Errorf("it was all there after %v: the test shows nothing", took)
			}
			if len(closed) > 0 {
				t.Fatal("closed while it was reading")
			}
		case ws.OpPing:
			pings++
		case ws.OpClose:
			if code, _ := frame.ParseClose(f.Payload); code != 3012 || pings == 0 {
				t.Errorf("code %d after %d pings", code, pings)
			}
			return
		}
	}
}

// TestUnsentBytes: the number of bytes that the kernel takes for a peer that reads nothing is bounded, on a listener of
// the server and on an inherited one. It is not bounded if UnsentBytes is negative.
func TestUnsentBytes(t *testing.T) {
	for _, c := range []struct {
		name    string
		bytes   int
		inherit bool
		least   int // bytes in the kernel
		most    int
	}{
		{"default", 0, false, 16 << 10, 128 << 10},
		{"inherited", 0, true, 16 << 10, 128 << 10},
		{"larger", 256 << 10, false, 130 << 10, 400 << 10},
		{"none", -1, false, 1 << 20, 1 << 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			held := make(chan int, 1)
			s := &Server{Loops: 1, UnsentBytes: c.bytes, Endpoints: []Endpoint{{
				PingInterval: -1, MaxBacklog: 1 << 30,
				OnMessage: func(c *Conn, op frame.Op, p []byte) {
					if string(p) == "how much" {
						n, _ := unix.IoctlGetInt(int(c.fd), unix.SIOCOUTQ)
						held <- n
						return
					}
					c.Send(op, make([]byte, 16<<20))
				},
				PauseBacklog: 1 << 30,
			}}}
			if c.inherit {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				s.Listener = ln
			}
			start(t, s)
			conn := raw(t, s, "/", "")
			_, _ = conn.Write(masked(frame.OpBinary, []byte("x")))
			eventually(t, "the kernel takes no more", func() bool { return s.Stats().Backlog > 0 })
			time.Sleep(50 * time.Millisecond) // the peer's kernel takes its part
			_, _ = conn.Write(masked(frame.OpBinary, []byte("how much")))
			if n := <-held; n < c.least || n > c.most {
				t.Errorf("%d bytes in the kernel, want %d to %d", n, c.least, c.most)
			}
			if _, err := io.CopyN(io.Discard, conn, 16<<20); err != nil {
				t.Error(err)
			}
		})
	}
}

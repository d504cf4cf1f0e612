//go:build !windows

package netpoll

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/queue"
	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// TestMigratedConnectionUsesClockOfNewLoop: each loop has its own clock of ticks. A silent connection that has changed
// its loop is closed by the clock of the new loop, even if that of the old one is years ahead.
func TestMigratedConnectionUsesClockOfNewLoop(t *testing.T) {
	e := nearby()
	e.PingInterval, e.PongTimeout, e.PongCode = 50*time.Millisecond, 50*time.Millisecond, 3012
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, &Server{Loops: 2, Listener: listener, Endpoints: []Endpoint{e}})
	for _, ahead := range []int{0, 1} {
		done := make(chan struct{})
		s.Loop(ahead).Do(func() { s.Loop(ahead).wheel.now += uint32(1+2*ahead) << 20; close(done) })
		<-done
		for key := range 8 { // on one loop and the other, wherever each was accepted
			c, in := dialWithKey(t, s, strconv.Itoa(key))
			_ = c.SetDeadline(time.Now().Add(patience))
			loopOf(t, in)
			code := 0
			for code == 0 {
				f, err := readFrame(in)
				if err != nil {
					t.Fatalf("loop %d is ahead, key %d: no close frame: %v", ahead, key, err)
				}
				if f.Header.OpCode == 8 && len(f.Payload) >= 2 {
					code = int(f.Payload[0])<<8 | int(f.Payload[1])
				}
			}
			if code != 3012 {
				t.Errorf("loop %d is ahead, key %d: closed with %d", ahead, key, code)
			}
		}
	}
}

// TestMigratedConnectionIsScheduledAnew: a connection that has changed its loop gets an entry in the new loop's wheel.
func TestMigratedConnectionIsScheduledAnew(t *testing.T) {
	s, c, _ := migrating(t) // with 5 ticks for its request
	defer s.Close()
	e := &s.engine.endpoints[0]
	e.OnOpen, e.PingInterval = nil, 20*s.engine.Tick
	l := s.engine.loops[1]
	l.runBatches()
	l.endTurn()
	came := 0
	for range 20 {
		for fd := range l.wheel.advance() {
			if l.expired(fd) == c {
				came++
			}
		}
	}
	if came != 1 {
		t.Errorf("it comes up %d times in 20 ticks, want once", came)
	}
}

// handTicked is a server whose ticks the test makes.
func handTicked(t *testing.T, e Endpoint) (s *Server, tick func()) {
	s = start(t, &Server{Loops: 1, Tick: time.Hour, Endpoints: []Endpoint{e}})
	ticks := int64(0)
	return s, func() {
		l := s.Loop(0)
		_ = l.poller.Trigger(queue.HighPriority, l.tick, nil)
		ticks++
		eventually(t, "the tick is handled", func() bool { return s.Stats().Loops[0].Lags.Count() == ticks })
	}
}

// TestPeerThatTakesBytesIsAlive: a peer that reads a long backlog finds a ping behind it. While it takes bytes it
// counts as alive; when it stops it does not.
func TestPeerThatTakesBytesIsAlive(t *testing.T) {
	const hour = time.Hour // a tick
	closed := make(chan frame.CloseCode, 1)
	s, tick := handTicked(t, Endpoint{
		PingInterval: 2 * hour, PongTimeout: hour, PongCode: 3012, MaxBacklog: 1 << 30, MaxBacklogAge: 1000 * hour,
		OnOpen:    func(c *Conn) { _ = unix.SetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<10) },
		OnMessage: func(c *Conn, op frame.Op, _ []byte) { c.Send(op, make([]byte, 64<<20)) },
		OnClose:   func(_ *Conn, e CloseEvent) { closed <- e.Code },
	})
	c := raw(t, s, "/", "")
	_ = c.SetDeadline(time.Now().Add(6 * patience))
	_ = c.(*net.TCPConn).SetReadBuffer(16 << 10)
	if _, err := c.Write(masked(frame.OpBinary, []byte("x"))); err != nil {
		t.Fatal(err)
	}
	backlog := func() int64 { return s.Stats().Backlog }
	eventually(t, "a backlog", func() bool { return backlog() > 32<<20 })
	for range 12 { // three times what it has to answer a ping
		owed := backlog()
		if _, err := io.CopyN(io.Discard, c, 2<<20); err != nil {
			t.Fatalf("a peer that takes bytes: %v", err)
		}
		eventually(t, "the peer takes bytes", func() bool { return backlog() < owed })
		tick()
	}
	select {
	case code := <-closed:
		t.Fatalf("a peer that takes bytes is closed with %d", code)
	default:
	}
	eventually(t, "a peer that stops is found out", func() bool {
		tick()
		select {
		case code := <-closed:
			if code != 3012 {
				t.Errorf("a peer that stops is closed with %d", code)
			}
			return true
		default:
			return false
		}
	})
}

// TestSilenceIsMeasuredFromTheLastSign: PongTimeout is measured from the last bytes of the peer.
func TestSilenceIsMeasuredFromTheLastSign(t *testing.T) {
	const hour = time.Hour
	e := echo()
	closed := make(chan bool, 1)
	e.PingInterval, e.PongTimeout, e.PongCode = 6*hour, 3*hour, 3012
	e.OnClose = func(_ *Conn, e CloseEvent) { closed <- e.Code == 3012 }
	s, tick := handTicked(t, e)
	c := raw(t, s, "/", "")
	in := bufio.NewReader(c)
	var got strings.Builder
	for range 20 { // a sign every second tick, and not one pong
		tick()
		tick()
		_, _ = c.Write(masked(frame.OpText, []byte("here")))
		for {
			f, err := readFrame(in)
			if err != nil {
				t.Fatalf("a peer that sends: %v after %s", err, got.String())
			}
			got.WriteByte("0tb.....cpo"[f.Header.OpCode])
			if f.Header.OpCode == 1 {
				break
			}
		}
	}
	if n := strings.Count(got.String(), "p"); n < 6 || n > 8 {
		t.Errorf("%d pings in 40 ticks at an interval of 6: %s", n, got.String())
	}
	ticks := 0
	eventually(t, "silence is found out", func() bool { tick(); ticks++; return len(closed) > 0 })
	if !<-closed {
		t.Error("it is closed with another code")
	}
	// A ping, its answer, and the same once more: these ticks follow each other so fast that the kernel may not have the
	// acknowledgement of the first ping yet, as with a peer that has not come to it.
	if ticks < 3 || ticks > 20 {
		t.Errorf("found out after %d ticks", ticks)
	}
}

//go:build !windows

package netpoll

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

func masked(op frame.Op, p []byte) []byte {
	return frame.AppendMaskedFrame(nil, op, p, [4]byte{1, 2, 3, 4})
}

// expectClose reads server frames until a close frame, then until the server's FIN, and
// returns the close code and what came before.
func expectClose(t *testing.T, c net.Conn) (code uint16, before []ws.Frame) {
	t.Helper()
	r := bufio.NewReader(c)
	for {
		f, err := readFrame(r)
		if err != nil {
			t.Fatalf("no close frame: %v", err)
		}
		if f.Header.OpCode != ws.OpClose {
			before = append(before, f)
			continue
		}
		if len(f.Payload) >= 2 {
			code = binary.BigEndian.Uint16(f.Payload)
		}
		if n, err := r.ReadByte(); err != io.EOF {
			t.Fatalf("after the close frame: byte %x, %v; want FIN", n, err)
		}
		return code, before
	}
}

func TestHeaderTimeoutCloses(t *testing.T) {
	s := start(t, &Server{Loops: 1, HeaderTimeout: 200 * time.Millisecond, Endpoints: []Endpoint{echo()}})
	for _, first := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\n"} {
		c, err := net.Dial("tcp", s.address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		began := time.Now()
		_, _ = io.WriteString(c, first)
		var dribble sync.WaitGroup
		stop := make(chan bool)
		dribble.Go(func() { // a byte now and then must not extend the deadline
			for {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
					if first != "" {
						_, _ = c.Write([]byte("x"))
					}
				}
			}
		})
		_ = c.SetReadDeadline(time.Now().Add(patience))
		got, _ := io.ReadAll(c)
		close(stop)
		dribble.Wait()
		if !strings.HasPrefix(string(got), "HTTP/1.1 408 ") {
			t.Errorf("%q: got %.60q", first, got)
		}
		if d := time.Since(began); d < 150*time.Millisecond {
			t.Errorf("closed after %v already", d)
		}
	}
	eventually(t, "slots are free", func() bool { return s.NumConns() == 0 })
}

func TestSilentPeerIsClosed(t *testing.T) {
	told := make(chan frame.CloseCode, 2)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		PingInterval: 100 * time.Millisecond, PongTimeout: 100 * time.Millisecond, PongCode: 3012,
		OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Send(op, p) },
		OnClose:   func(_ *Conn, e CloseEvent) { told <- e.Code },
	}}})
	alive := dial(t, s, "/") // coder/websocket answers pings while it reads
	heard := make(chan error, 1)
	go func() { _, _, err := alive.Read(testCtx(t)); heard <- err }()

	silent := raw(t, s, "/", "")
	code, before := expectClose(t, silent)
	if code != 3012 || len(before) != 1 || before[0].Header.OpCode != ws.OpPing {
		t.Errorf("silent peer: code %d after %v", code, before)
	}
	if got := <-told; got != 3012 {
		t.Errorf("told %d", got)
	}
	say(t, alive, "I answered") // several intervals later
	if err := <-heard; err != nil {
		t.Errorf("a peer that answers was closed: %v", err)
	}
}

// TestPingsOfOneTickAreAllSent pings more connections in one tick than a loop keeps outboxes for, without garbage.
func TestPingsOfOneTickAreAllSent(t *testing.T) {
	const people = 5 * maxFreeOutboxes
	opened := make(chan Handle, people)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{PingInterval: time.Minute, OnOpen: func(c *Conn) { opened <- c.Handle() }}}})
	conns := make([]net.Conn, people)
	for i := range conns {
		conns[i] = raw(t, s, "/", "")
	}
	l := s.Loop(0)
	l.Do(func() {
		for range people {
			c := l.Conn(<-opened)
			c.due = l.wheel.now + 1
			l.schedule(c, c.due)
		}
	})
	for i, c := range conns {
		if f, err := readFrame(bufio.NewReader(c)); err != nil || f.Header.OpCode != ws.OpPing {
			t.Fatalf("connection %d: %+v, %v", i, f.Header, err)
		}
	}
	held := make(chan int)
	l.Do(func() { held <- cap(l.dirty) })
	if n := <-held; n > maxFreeOutboxes {
		t.Errorf("there was room for %d dirty connections, want at most %d", n, maxFreeOutboxes)
	}
}

// TestMessageTimeoutBeginsWithItsMessage: a server that has run for longer than MessageTimeout gives a message all of
// that time, although another deadline of the connection passes meanwhile.
func TestMessageTimeoutBeginsWithItsMessage(t *testing.T) {
	const timeout = 300 * time.Millisecond
	s := start(t, &Server{Loops: 1, MessageTimeout: timeout, Endpoints: []Endpoint{{PingInterval: 50 * time.Millisecond, PongTimeout: time.Hour}}})
	l := s.Loop(0)
	eventually(t, "the server has run for that long", func() bool {
		ticks := make(chan uint32)
		l.Do(func() { ticks <- l.wheel.now })
		return <-ticks > 2*l.engine.ticksOf(timeout)
	})
	c := raw(t, s, "/", "")
	began := time.Now()
	_, _ = c.Write(masked(frame.OpText, []byte("half"))[:7])
	code, _ := expectClose(t, c)
	if took := time.Since(began); code != 1008 || took < timeout-2*s.Tick {
		t.Errorf("closed with %d after %v", code, took)
	}
}

// TestPeerThatTakesBytesSlowlyIsAlive: a peer that takes its backlog counts as alive, whether it sends or not.
func TestPeerThatTakesBytesSlowlyIsAlive(t *testing.T) {
	handles := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, PingInterval: -1,
		OnMessage: func(c *Conn, op frame.Op, _ []byte) { c.Send(op, make([]byte, 16<<20)); handles <- c.Handle() },
	}}})
	c := raw(t, s, "/", "")
	_, _ = c.Write(masked(frame.OpText, []byte("x")))
	h, l := <-handles, s.Loop(0)
	ticks := func() (heard, now uint32) {
		got := make(chan [2]uint32)
		l.Do(func() { got <- [2]uint32{l.Conn(h).heard, l.wheel.now} })
		g := <-got
		return g[0], g[1]
	}
	eventually(t, "a tick without a sign of life", func() bool { heard, now := ticks(); return now > heard && s.Stats().Backlog > 0 })
	before, _ := ticks()
	_, _ = io.CopyN(io.Discard, c, 16<<20)
	if heard, _ := ticks(); heard <= before {
		t.Errorf("the last sign of life is from tick %d, as before 16 MiB were taken", heard)
	}
}

func TestAnyFrameIsASignOfLife(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		PingInterval: 100 * time.Millisecond, PongTimeout: 100 * time.Millisecond, PingFrame: frame.AppendFrame(nil, frame.OpText, []byte("{}")),
		OnMessage: func(c *Conn, _ frame.Op, p []byte) {
			if string(p) != "{}" {
				c.Close(4000, "")
			}
		},
	}}})
	c := dial(t, s, "/")
	for range 5 {
		hear(t, c, "{}")
		say(t, c, "{}")
	}
	say(t, c, "done")
	hearClose(t, c, 4000)
}

func TestCloseTimeoutEndsTheConnection(t *testing.T) {
	s := start(t, &Server{Loops: 1, CloseTimeout: 100 * time.Millisecond, Endpoints: []Endpoint{{
		OnMessage: func(c *Conn, _ frame.Op, _ []byte) { c.Close(4000, "") },
	}}})
	c := raw(t, s, "/", "")
	_, _ = c.Write(masked(frame.OpText, []byte("x")))
	eventually(t, "gone although the peer never answers", func() bool { return s.NumConns() == 0 })
}

func TestCloseIsAnsweredOnce(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	c := raw(t, s, "/", "")
	b := masked(frame.OpText, []byte("before"))
	b = append(b, masked(frame.OpClose, []byte{0x03, 0xe8})...)
	b = append(b, masked(frame.OpText, []byte("after"))...)
	b = append(b, masked(frame.OpClose, []byte{0x03, 0xe9})...)
	_, _ = c.Write(append(b, 0xff, 0xff))
	code, before := expectClose(t, c)
	if code != 1000 || len(before) != 1 || string(before[0].Payload) != "before" {
		t.Errorf("code %d after %v", code, before)
	}
}

func TestPingsAreAnsweredInOrder(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	c := raw(t, s, "/", "")
	var b []byte
	for i := range 500 {
		b = append(b, masked(frame.OpPing, []byte(fmt.Sprint(i)))...)
	}
	_, _ = c.Write(b)
	r := bufio.NewReader(c)
	for i := range 500 {
		f, err := readFrame(r)
		if err != nil || f.Header.OpCode != ws.OpPong || string(f.Payload) != fmt.Sprint(i) {
			t.Fatalf("pong %d: %v %v", i, f, err)
		}
	}
}

// TestFloodOfPingsCloses sends pings and never reads the pongs: memory stays bounded, and the connection ends with 1008
// or a reset.
func TestFloodOfPingsCloses(t *testing.T) {
	closed := make(chan frame.CloseCode, 1)
	s := start(t, &Server{Loops: 1, Tick: time.Second, Endpoints: []Endpoint{{
		OnClose: func(_ *Conn, e CloseEvent) { closed <- e.Code },
	}}})
	c := raw(t, s, "/", "")
	var b []byte
	for range 64 {
		b = append(b, masked(frame.OpPing, make([]byte, 125))...)
	}
	for {
		select {
		case code := <-closed:
			if code != frame.ClosePolicy && code != frame.CloseAbnormal {
				t.Errorf("code %d", code)
			}
			return
		default:
			_, _ = c.Write(b)
		}
	}
}

func TestSlowConsumerIsClosed(t *testing.T) {
	closed := make(chan frame.CloseCode, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		MaxBacklog: 100 << 10, SlowCode: 3008, PingInterval: -1,
		OnOpen:  func(c *Conn) { c.Subscribe("room") },
		OnClose: func(_ *Conn, e CloseEvent) { closed <- e.Code },
	}}})
	stalled, healthy := raw(t, s, "/", ""), dial(t, s, "/")
	buf := NewBuffer(frame.OpText, []byte(strings.Repeat("x", 10_000)))
	sent := 0
	for code := frame.CloseCode(0); code == 0; sent++ {
		s.Publish("room", buf)
		hear(t, healthy, string(buf.Payload()))
		select {
		case code = <-closed:
			if code != 3008 {
				t.Errorf("code %d", code)
			}
		default:
		}
	}
	code, before := expectClose(t, stalled) // whole frames, then the close frame that always has room
	if code != 3008 || len(before) == 0 || len(before) >= sent {
		t.Errorf("stalled reader: code %d after %d of %d messages", code, len(before), sent)
	}
	for _, f := range before {
		if len(f.Payload) != 10_000 {
			t.Fatal("a frame was cut")
		}
	}
}

// TestOldBacklogCloses has a peer that reads nothing, with a backlog below MaxBacklog.
func TestOldBacklogCloses(t *testing.T) {
	closed := make(chan frame.CloseCode, 1)
	s := start(t, &Server{Loops: 1, CloseTimeout: 50 * time.Millisecond, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, MaxBacklogAge: 200 * time.Millisecond, SlowCode: 3008, PingInterval: -1,
		OnMessage: func(c *Conn, op frame.Op, _ []byte) { c.Send(op, make([]byte, 16<<20)) },
		OnClose:   func(_ *Conn, e CloseEvent) { closed <- e.Code },
	}}})
	c := raw(t, s, "/", "")
	_, _ = c.Write(masked(frame.OpBinary, []byte("x")))
	if code := <-closed; code != 3008 {
		t.Errorf("code %d", code)
	}
	eventually(t, "gone", func() bool { return s.NumConns() == 0 })
}

// TestBacklogOfSlowPeerIsDropped: when a peer is closed for the age of its backlog, nothing of it stays but the chunk that
// has begun to leave.
func TestBacklogOfSlowPeerIsDropped(t *testing.T) {
	closed := make(chan frame.CloseCode, 1)
	s := start(t, &Server{Loops: 1, CloseTimeout: time.Hour, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, MaxBacklogAge: 200 * time.Millisecond, SlowCode: 3008, PingInterval: -1,
		OnMessage: func(c *Conn, op frame.Op, _ []byte) {
			for range 1000 {
				c.Send(op, make([]byte, 16<<10))
			}
		},
		OnClose: func(_ *Conn, e CloseEvent) { closed <- e.Code },
	}}})
	c := raw(t, s, "/", "")
	_, _ = c.Write(masked(frame.OpBinary, []byte("x")))
	if code := <-closed; code != 3008 {
		t.Errorf("code %d", code)
	}
	eventually(t, "little waits", func() bool { return s.Stats().Backlog < 2*tailLimit })
	_ = c.Close()
}

// TestPeerThatDoesNotReadIsNotRead floods an echo server without reading, with more than MaxBacklog; then it reads
// everything.
func TestPeerThatDoesNotReadIsNotRead(t *testing.T) {
	e := echo()
	e.MaxBacklog = 1 << 20
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})
	c := raw(t, s, "/", "")
	const n = 3000
	go func() {
		for i := range n {
			_, _ = c.Write(masked(frame.OpText, []byte(strings.Repeat(fmt.Sprint(i%10), 10_000))))
		}
	}()
	eventually(t, "the server stops reading", func() bool {
		paused := make(chan bool)
		s.Loop(0).Do(func() {
			found := false
			s.engine.slab.each(s.Loop(0), func(c *Conn) { found = found || c.has(flagPaused) })
			paused <- found
		})
		return <-paused
	})
	if got, most := s.Stats().BacklogMemory, int64(128<<10+readBufSize+10_000); got > most {
		t.Errorf("%d bytes wait for a peer that does not read, want at most %d", got, most)
	}
	r := bufio.NewReader(c)
	for i := range n {
		f, err := readFrame(r)
		if err != nil || len(f.Payload) != 10_000 || f.Payload[0] != byte('0'+i%10) {
			t.Fatalf("message %d: %d bytes, %v", i, len(f.Payload), err)
		}
	}
}

// TestReadsInterleave bounds the read latency while two producers never stop posting.
func TestReadsInterleave(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	c := dial(t, s, "/")
	stop := make(chan struct{})
	var all sync.WaitGroup
	var done atomic.Int64
	l := s.Loop(0)
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				for l.tasks.Length() > 2000 {
					time.Sleep(50 * time.Microsecond)
				}
				l.Do(func() { done.Add(1); busy(20 * time.Microsecond) })
			}
		})
	}
	eventually(t, "a queue has built up", func() bool { return l.tasks.Length() > 1000 })
	// Counted in tasks, not in time, so that a slow machine changes nothing: were the mailbox
	// drained until empty, thousands would be done before the message is read.
	var trips []int64
	for range 200 {
		began := done.Load()
		say(t, c, "x")
		hear(t, c, "x")
		trips = append(trips, done.Load()-began)
	}
	close(stop)
	all.Wait()
	slices.Sort(trips)
	median := trips[len(trips)/2]
	t.Logf("%d tasks during a round trip, at most %d", median, trips[len(trips)-1])
	if median > 1500 {
		t.Errorf("%d tasks during a round trip: reads waited for the mailbox", median)
	}
}

func busy(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}

// TestGarbageCostsOnlyItsSender breaks the protocol on one connection beside a healthy one.
func TestGarbageCostsOnlyItsSender(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	healthy := dial(t, s, "/")
	for _, garbage := range []string{"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x83\x80", "\x81\x05hello", "\xc1\x80\x00\x00\x00\x00"} {
		c := raw(t, s, "/", "")
		_, _ = io.WriteString(c, garbage)
		if code, _ := expectClose(t, c); code != 1002 {
			t.Errorf("%x: code %d", garbage, code)
		}
		say(t, healthy, "fine")
		hear(t, healthy, "fine")
	}
}

// TestHoldPingsDelaysPings: a connection whose endpoint has HoldPings gets no pings, and is not closed for silence,
// until StartPings.
func TestHoldPingsDelaysPings(t *testing.T) {
	opened := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		PingInterval: 40 * time.Millisecond, PongTimeout: 40 * time.Millisecond, PongCode: 3012, HoldPings: true,
		OnOpen: func(c *Conn) { opened <- c.Handle() },
	}}})
	c, l, ticks := raw(t, s, "/", ""), s.Loop(0), make(chan uint32, 1)
	h := <-opened
	now := func() uint32 { l.Do(func() { ticks <- l.wheel.now }); return <-ticks }
	began := now()
	eventually(t, "ticks", func() bool { return now() > began+30 })
	b := l.NewBatch()
	b.Call(h, func(c *Conn) {
		c.Send(frame.OpText, []byte("first"))
		c.StartPings()
		c.StartPings()
	})
	l.Post(b)
	code, before := expectClose(t, c)
	if code != 3012 || len(before) != 2 || string(before[0].Payload) != "first" || before[1].Header.OpCode != ws.OpPing {
		t.Errorf("code %d, %+v", code, before)
	}
}

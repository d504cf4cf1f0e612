//go:build !windows

package netpoll

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/throngd/throng/frame"
)

// TestDrain sends an answer in parts to a peer that reads late, each part when most of the one before has left. The peer
// gets all of them, and no two wait at the same time.
func TestDrain(t *testing.T) {
	const part, parts, low = 512 << 10, 24, 16 << 10
	sent, most, calls := 0, 0, make(chan int, parts+1)
	next := func(c *Conn) {
		if sent < parts {
			c.Send(frame.OpBinary, bytes.Repeat([]byte{byte(sent)}, part))
			sent++
		}
		most = max(most, c.OwnBacklog())
	}
	for _, secure := range []bool{false, true} {
		sent, most, calls = 0, 0, make(chan int, parts+1)
		s := &Server{Loops: 1, Endpoints: []Endpoint{{
			LowBacklog: low, PingInterval: -1,
			OnMessage: func(c *Conn, _ frame.Op, _ []byte) { next(c) },
			OnDrain:   func(c *Conn) { left := c.OwnBacklog(); next(c); calls <- left },
		}}}
		if secure {
			s.TLS = tlsConfig()
		}
		start(t, s)
		c := raw(t, s, "/", "")
		_, _ = c.Write(masked(frame.OpText, []byte("all of it")))
		eventually(t, "the kernel takes no more", func() bool { return s.Stats().Backlog > 0 })
		for i := range parts {
			f, err := readFrame(c)
			if err != nil || len(f.Payload) != part || f.Payload[0] != byte(i) {
				t.Fatalf("part %d: %d bytes, %v", i, len(f.Payload), err)
			}
		}
		for range parts {
			if left := <-calls; left > low {
				t.Errorf("OnDrain with %d bytes left", left)
			}
		}
		if most > part+low+20 {
			t.Errorf("up to %d bytes waited, in parts of %d", most, part)
		}
		eventually(t, "nothing waits", func() bool { st := s.Stats(); return st.Backlog == 0 && st.BacklogMemory == 0 })
		if len(calls) > 0 {
			t.Errorf("OnDrain %d times more than there were parts", len(calls))
		}
	}
}

// TestDrainAtOnce: OnDrain is also called when the kernel took everything with the first write. It is not called for a
// backlog that was below LowBacklog, or after the close.
func TestDrainAtOnce(t *testing.T) {
	drained := make(chan bool, 10)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		LowBacklog: 100, PingInterval: -1,
		OnMessage: func(c *Conn, _ frame.Op, p []byte) {
			c.Send(frame.OpText, bytes.Repeat(p, 200))
			if string(p) == "last" {
				c.Close(4000, "")
			}
		},
		OnDrain: func(*Conn) { drained <- true },
	}}})
	c := dial(t, s, "/")
	<-drained // the response to the upgrade
	say(t, c, "x")
	<-drained
	say(t, c, "")
	say(t, c, "last")
	hearClose(t, c, 4000)
	if len(drained) != 0 {
		t.Error("OnDrain was called for nothing")
	}
}

// TestDrainBesideTopics: messages of topics do not count for OnDrain.
func TestDrainBesideTopics(t *testing.T) {
	drained := make(chan int, 10)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, PingInterval: -1, LowBacklog: 1000,
		OnOpen: func(c *Conn) { c.Subscribe("room") },
		OnMessage: func(c *Conn, _ frame.Op, p []byte) {
			for range 12 {
				c.Publish("room", NewBuffer(frame.OpBinary, make([]byte, 1<<20)))
			}
		},
		OnDrain: func(c *Conn) { drained <- c.OwnBacklog() },
	}}})
	c := raw(t, s, "/", "")
	_, _ = c.Write(masked(frame.OpText, []byte("x")))
	eventually(t, "the topic waits", func() bool { return s.Stats().Backlog > 1<<20 })
	for range 12 {
		if _, err := readFrame(c); err != nil {
			t.Fatal(err)
		}
	}
	if len(drained) > 0 {
		t.Error("OnDrain was called")
	}
}

// TestBacklogMemory: a broadcast that many members wait for counts once, messages that were sent to each of them count
// for each, and nothing is left when all have been sent.
func TestBacklogMemory(t *testing.T) {
	const members, size, alone = 20, 8 << 20, 4 << 20
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, PingInterval: -1,
		OnOpen:    func(c *Conn) { c.Subscribe("room") },
		OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Send(op, make([]byte, alone)) },
	}}})
	var conns []io.ReadWriteCloser
	for range members {
		conns = append(conns, raw(t, s, "/", ""))
	}
	s.Publish("room", NewBuffer(frame.OpBinary, make([]byte, size)))
	eventually(t, "all wait", func() bool { return s.Stats().Backlog > members*size/4 })
	if got := s.Stats().BacklogMemory; got < size || got > size+1000 {
		t.Errorf("%d bytes of memory for %d that %d members wait for", got, size, members)
	}
	for _, c := range conns[:5] {
		_, _ = c.Write(masked(frame.OpText, []byte("x")))
	}
	want := int64(size + 5*alone)
	eventually(t, "what was sent to each counts for each", func() bool { return s.Stats().BacklogMemory >= want })
	if got := s.Stats().BacklogMemory; got > want+1000 {
		t.Errorf("%d bytes of memory, want %d", got, want)
	}
	for i, c := range conns {
		if i%2 == 0 {
			_, _ = readFrame(c)
		}
		_ = c.Close()
	}
	eventually(t, "nothing is left", func() bool { st := s.Stats(); return st.Backlog == 0 && st.BacklogMemory == 0 })
}

// TestOutboxMemory queues, shares, sends and cuts at random: the memory that is counted for the outbox and for the runs
// is the memory that they hold.
func TestOutboxMemory(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	var l Loop
	runs := make([]*sharedRun, 5)
	for i := range runs {
		runs[i] = &sharedRun{loop: &l, bytes: make([]byte, 1000*(i+1))}
	}
	boxes := make([]outbox, 4)
	for step := range 20_000 {
		o := &boxes[rnd.IntN(len(boxes))]
		switch rnd.IntN(8) {
		case 0, 1:
			o.addShared(runs[rnd.IntN(len(runs))])
		case 2, 3:
			o.add(make([]byte, 1+rnd.IntN(2*copyLimit)))
		case 4:
			o.cut()
		default:
			if o.size > 0 {
				o.sent(1 + rnd.IntN(o.size))
			}
		}
		held := map[*sharedRun]bool{}
		for i := range boxes {
			own := len(boxes[i].tail)
			for _, c := range boxes[i].chunks[boxes[i].head:] {
				if c.run == nil {
					own += len(c.bytes)
				} else {
					held[c.run] = true
				}
			}
			if own != boxes[i].own {
				t.Fatalf("step %d: %d bytes are counted as own, there are %d", step, boxes[i].own, own)
			}
		}
		want := 0
		for r := range held {
			want += len(r.bytes)
		}
		if got := l.counters.memory.Load(); got != int64(want) {
			t.Fatalf("step %d: %d shared bytes are counted, there are %d", step, got, want)
		}
	}
}

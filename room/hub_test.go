package room

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// crowd is an edge with goroutines: several producers, running shards, and for
// each loop a record of what every member has received.
type crowd struct {
	t        *testing.T
	mu       []sync.Mutex // of each loop
	members  []map[place]uint64
	answered atomic.Int64
	acked    atomic.Int64
	seen     atomic.Int64
}

func newCrowd(t *testing.T, loops int) *crowd {
	c := &crowd{t: t, mu: make([]sync.Mutex, loops)}
	for range loops {
		c.members = append(c.members, make(map[place]uint64))
	}
	return c
}

func (c *crowd) deliver(loop int, events []Event) {
	c.mu[loop].Lock()
	defer c.mu[loop].Unlock()
	for i := range events {
		c.event(c.members[loop], &events[i])
	}
}

func (c *crowd) event(members map[place]uint64, e *Event) {
	if e.Kind == Broadcast {
		offset := e.Buffer.(*push).offset
		for k, last := range members {
			if k.room != e.Room || person(k.conn).Form != e.Form {
				continue
			}
			if offset <= last {
				c.t.Errorf("%v saw %d after %d", k, offset, last)
			}
			members[k] = offset
			c.seen.Add(1)
		}
		return
	}
	a := e.Answer
	c.answered.Add(1)
	switch k := (place{a.Room, a.Member.Conn}); {
	case a.Err == nil && a.Op == Join:
		members[k] = a.Position.Offset
	case a.Err == nil && a.Op == Leave:
		delete(members, k)
	case a.Err == nil && a.Op == Publish:
		c.acked.Add(1)
	}
}

func crowdConfig(c *crowd) Config {
	return Config{
		Loops: 3, Shards: 2, Mailbox: 256, Deliver: c.deliver,
		Encode: func(room string, p *Publication, f Form) Buffer {
			p.Encoded[f] = p.Data
			return &push{kind: "pub", room: room, offset: p.Offset}
		},
	}
}

// produce submits n random commands and returns the number of those taken.
func (c *crowd) produce(h *Hub, seed uint64, n int) (taken int64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	o := open()
	for range n {
		op := []Op{Join, Leave, Publish, Publish, Publish, History, Presence}[rnd.IntN(7)]
		cmd := Command{
			Op: op, Room: fmt.Sprint("r", rnd.IntN(5)), Options: o, Data: []byte("hello"),
			Member: person(uint64(rnd.IntN(20) + 1)), Limit: 3,
		}
		switch err := h.Submit(cmd); err {
		case nil:
			taken++
		case ErrBusy, ErrClosed:
			if op == Leave && err == ErrBusy {
				c.t.Error("a leave was refused")
			}
		default:
			c.t.Error(err)
		}
	}
	return taken
}

// With four producers, two shards and a Close meanwhile, every command taken is
// answered once and no goroutine is left.
func TestConcurrentProducers(t *testing.T) {
	defer goleak.VerifyNone(t)
	c := newCrowd(t, 3)
	h := New(crowdConfig(c))
	var wg sync.WaitGroup
	var taken atomic.Int64
	half := make(chan struct{})
	for i := range uint64(4) {
		wg.Go(func() {
			taken.Add(c.produce(h, i, 5000))
			if i == 0 {
				close(half)
			}
			taken.Add(c.produce(h, i+10, 5000))
		})
	}
	<-half
	h.Close()
	wg.Wait()
	if got := c.answered.Load(); got != taken.Load() || got == 0 {
		t.Fatalf("%d taken, %d answered", taken.Load(), got)
	}
	if c.acked.Load() == 0 || c.seen.Load() == 0 {
		t.Fatalf("%d acknowledged, %d seen", c.acked.Load(), c.seen.Load())
	}
	h.Close() // again: harmless
}

// goLog is a log that answers from its own goroutines.
type goLog struct {
	sink Sink
	wg   sync.WaitGroup
	mu   sync.Mutex
	seq  uint64
	last map[string]uint64
}

func (l *goLog) Open(string, *Options) error { return nil }
func (l *goLog) Close(string)                {}
func (l *goLog) Shutdown()                   { l.wg.Wait() }

func (l *goLog) Append(token uint64, a Append) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	p := &Publication{Offset: l.seq, Prev: l.last[a.Room], Data: a.Data}
	l.last[a.Room] = l.seq
	l.sink.Message(a.Room, p)
	l.wg.Go(func() { l.sink.Appended(token, Stored{Position: Position{p.Offset, "e"}}) })
}

func (l *goLog) Read(token uint64, q Query) {
	l.wg.Go(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sink.Found(token, Result{Position: Position{l.last[q.Room], "e"}, Complete: true})
	})
}

func TestConcurrentProducersOnConcurrentLog(t *testing.T) {
	defer goleak.VerifyNone(t)
	c := newCrowd(t, 3)
	cfg := crowdConfig(c)
	cfg.NewLog = func(_ int, sink Sink) Log { return &goLog{sink: sink, last: make(map[string]uint64)} }
	h := New(cfg)
	var wg sync.WaitGroup
	var taken atomic.Int64
	for i := range uint64(3) {
		wg.Go(func() { taken.Add(c.produce(h, i, 3000)) })
	}
	wg.Wait()
	h.Close()
	if got := c.answered.Load(); got != taken.Load() {
		t.Fatalf("%d taken, %d answered", taken.Load(), got)
	}
}

// Commands that wait for the log are answered then.
func TestCloseWaitsLogTimeoutForSilentLog(t *testing.T) {
	defer goleak.VerifyNone(t)
	l := &manualLog{silent: true}
	done := make(chan Answer, 2)
	h := New(Config{Shards: 1, LogTimeout: 20 * time.Millisecond, Clock: func() (time.Time, time.Duration) { return time.Unix(1, 0), 0 },
		NewLog: func(_ int, s Sink) Log { l.sink = s; return l }})
	c := Command{Op: Publish, Room: "a", Options: open(), IdempotencyKey: "k", Done: func(a Answer) { done <- a }}
	h.Submit(c)
	h.Submit(c)
	h.Close()
	if a, b := <-done, <-done; a.Err != ErrTemporary || b.Err != ErrTemporary || !l.down {
		t.Fatalf("%v, %v", a.Err, b.Err)
	}
	if err := h.Submit(c); err != ErrClosed {
		t.Fatalf("after Close: %v", err)
	}
}

func TestTimersFireWithoutCommands(t *testing.T) {
	defer goleak.VerifyNone(t)
	joined := make(chan struct{})
	h := New(Config{Shards: 1, JoinLeaveDelay: time.Millisecond,
		EncodeJoin: func(string, *Member, Form) Buffer { close(joined); return nil }})
	h.Submit(Command{Op: Join, Room: "a", Options: open(), Member: Member{Conn: 1, Info: &Info{}, WantJoinLeave: true}})
	<-joined
	h.Close()
}

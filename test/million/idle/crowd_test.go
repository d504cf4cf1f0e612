package main

import (
	"bytes"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// TestPairs: no pair of addresses gets more connections than its ports allow.
func TestPairs(t *testing.T) {
	const million = 1_000_000
	seen := map[[2]netip.Addr]int{}
	for i := 0; i < million; i++ {
		d := dialerOf(i/perPair, options{port: 8080})
		if i%perPair == 0 && (!d.Addr.Addr().IsLoopback() || !d.Local.Addr().IsLoopback() || d.Local.Port() != 0) {
			t.Fatalf("pair %d: %v to %v", i/perPair, d.Local, d.Addr)
		}
		seen[[2]netip.Addr{d.Local.Addr(), d.Addr.Addr()}]++
	}
	if len(seen) != 34 {
		t.Errorf("%d pairs", len(seen))
	}
	for pair, n := range seen {
		if n > perPair {
			t.Errorf("%d connections of %v", n, pair)
		}
	}
}

// faulty is a server of one room which does not always do what it should.
type faulty struct {
	netpoll.Server
	silent atomic.Bool // the first that joins gets no message
	twice  atomic.Bool // the first that joins gets it twice
	cut    atomic.Bool // who publishes is disconnected instead
	first  atomic.Pointer[netpoll.Conn]
}

func (f *faulty) message(c *netpoll.Conn, op frame.Op, p []byte) {
	push := netpoll.NewBuffer(op, []byte(`{"push":{"channel":"million","pub":{"data":"everybody"}}}`))
	switch {
	case bytes.HasPrefix(p, []byte(`{"id":1,`)):
		c.Send(op, []byte("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{}}"))
		c.Send(op, []byte("{}")) // a ping
		if !f.first.CompareAndSwap(nil, c) || !f.silent.Load() {
			c.Subscribe("all")
		}
	case !bytes.HasPrefix(p, []byte(`{"id":3,`)):
	case f.cut.Load():
		c.Close(3000, "cut")
	default:
		c.Send(op, []byte(`{"id":3,"publish":{}}`))
		c.Publish("all", push)
		if f.twice.Load() {
			c.SendBuffer(push)
		}
	}
}

// start runs the server until the test ends, and returns its port.
func (f *faulty) start(t *testing.T) int {
	f.Server = netpoll.Server{Addr: "0.0.0.0:0", Loops: 1, Endpoints: []netpoll.Endpoint{{Path: "/connection/websocket", OnMessage: f.message}}}
	if err := f.Listen(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = f.Serve() }()
	t.Cleanup(func() { _ = f.Close() })
	_, port, _ := strings.Cut(f.ListenAddr().String(), "]:")
	if port == "" {
		_, port, _ = strings.Cut(f.ListenAddr().String(), ":")
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestVerdict: what is lost, repeated or dropped is found, and a server that does all right passes.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name, verdict string
		damage        func(*faulty)
	}{
		{"all right", "", func(*faulty) {}},
		{"lost", "9 of 10 have the message", func(f *faulty) { f.silent.Store(true) }},
		{"twice", "faults", func(f *faulty) { f.twice.Store(true) }},
		{"dropped", "0 of 10 have the message", func(f *faulty) { f.cut.Store(true) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f faulty
			c.damage(&f)
			crowd, err := newCrowd(options{connections: 10, port: f.start(t), inFlight: 4, patience: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			defer crowd.client.Close()
			r := &report{options: crowd.options, crowd: crowd, begun: time.Now()}
			r.pid, r.hold, r.patience = os.Getpid(), time.Millisecond, 300*time.Millisecond
			end := time.Now().Add(10 * time.Second)
			if err := r.open(end); err != nil {
				t.Fatal(err)
			}
			if err := r.keep(end); err != nil {
				t.Fatal(err)
			}
			err = r.broadcast(end)
			if err == nil && crowd.pings.Load() != 10 {
				t.Errorf("%d pings were counted", crowd.pings.Load())
			}
			if c.verdict == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.verdict) {
				t.Errorf("verdict %v, want %q", err, c.verdict)
			}
		})
	}
}

package load

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/certs/certtest"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/internal/server"
	"github.com/throngd/throng/netpoll"
)

// TestMain is also the main function of worker processes.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "load-worker" {
		if err := Worker(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// throng runs a server like throng serve --dev --echo, and returns its address.
func throng(t *testing.T, change func(*config.Config)) string {
	t.Helper()
	cfg, err := config.Load(config.Layers{Flags: map[string]any{"listen": "127.0.0.1:0", "dev": true, "echo": true, "loops": 2}})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Drain = time.Millisecond
	if change != nil {
		change(&cfg.Config)
	}
	cfg.Resolve(5000)
	s, err := server.New(&cfg.Config, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		_ = s.Stop(ctx)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s.Addr().String()
}

// roomServer is netpoll's broadcast example: ?room=NAME. A member joins its room that long after the 101.
func roomServer(t *testing.T, late time.Duration) string {
	t.Helper()
	join := func(c *netpoll.Conn) { c.Subscribe(c.Context().(string)) }
	s := &netpoll.Server{Addr: "127.0.0.1:0", Loops: 2, Endpoints: []netpoll.Endpoint{{
		Accept: func(r *netpoll.Request) error { r.SetContext(r.Query()); return nil },
		OnOpen: func(c *netpoll.Conn) {
			if late == 0 {
				join(c)
				return
			}
			time.AfterFunc(late, func() { c.Loop().Do(func() { join(c) }) })
		},
		OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) {
			c.Publish(c.Context().(string), netpoll.NewBuffer(op, p))
		},
	}}}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve() }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return s.ListenAddr().String()
}

// Each scenario, with few clients, has no violation and its own measurements.
func TestScenarios(t *testing.T) {
	addr := throng(t, func(c *config.Config) {
		c.PingInterval, c.PongTimeout = 300*time.Millisecond, time.Minute // all are pinged at the first tick; a busy machine answers late
	})
	rooms, late := roomServer(t, 0), roomServer(t, 50*time.Millisecond)
	tests := map[string]struct {
		o    Options
		want func(r *report.Report) bool
	}{
		"idle":           {Options{Scenario: "idle", Duration: 1500 * time.Millisecond}, func(r *report.Report) bool { return r.Counters.Pings > 50 && r.Counters.Delivered == 100 }},
		"idle one frame": {Options{Scenario: "idle", OneFrame: true, Duration: 50 * time.Millisecond}, nil},
		"idle echo":      {Options{Scenario: "idle", Protocol: Echo, PingInterval: 100 * time.Millisecond}, func(r *report.Report) bool { return r.Counters.Delivered == 100 }},
		"fanout": {Options{Scenario: "fanout", Rate: 200}, func(r *report.Report) bool {
			return r.Counters.Sent > 40 && r.Counters.Acknowledged == r.Counters.Sent && r.Counters.Delivered == 100*r.Counters.Sent
		}},
		"history of many pages": {Options{Scenario: "fanout", Rate: 1500, Size: 8000, Connections: 4}, func(r *report.Report) bool {
			return r.Counters.Sent*8000 > 4<<20 && r.Counters.Checked == 5*r.Counters.Sent && len(r.Unchecked) == 0
		}},
		"fanout in rooms":   {Options{Scenario: "fanout", URL: rooms, Protocol: Rooms, Rate: 200}, func(r *report.Report) bool { return r.Counters.Delivered == 100*r.Counters.Sent }},
		"joined late":       {Options{Scenario: "fanout", URL: late, Protocol: Rooms, Rate: 500}, func(r *report.Report) bool { return r.Counters.Delivered == 100*r.Counters.Sent }},
		"rooms":             {Options{Scenario: "rooms", Rooms: 20}, func(r *report.Report) bool { return r.Counters.Delivered == 5*r.Counters.Sent }},
		"rooms in rooms":    {Options{Scenario: "rooms", Rooms: 20, URL: rooms, Protocol: Rooms}, func(r *report.Report) bool { return r.Counters.Delivered == 5*r.Counters.Sent }},
		"echo":              {Options{Scenario: "echo"}, func(r *report.Report) bool { return r.Counters.Delivered == r.Counters.Sent && r.Counters.Sent > 100 }},
		"connect":           {Options{Scenario: "connect", Connections: 20}, func(r *report.Report) bool { return r.Opened > 100 }},
		"connect at a rate": {Options{Scenario: "connect", Connections: 20, Rate: 100}, func(r *report.Report) bool { return r.Opened > 20 && r.Opened < 120 }},
		"storm": {Options{Scenario: "storm", Rooms: 2, Rate: 500}, func(r *report.Report) bool {
			return r.Counters.Reconnects == 3*92 && r.Counters.Delivered == 50*r.Counters.Sent
		}},
		"stall": {Options{Scenario: "stall", Rate: 200}, func(r *report.Report) bool { return r.Counters.Delivered == 100*r.Counters.Sent }},
		"dribble": {Options{Scenario: "dribble", Rate: 50}, func(r *report.Report) bool {
			return r.Counters.Delivered == 100*r.Counters.Sent && r.Counters.Sent > 5 && r.Counters.Sent < 60 // 25 in the mean, of all together
		}},
		"dribble echo": {Options{Scenario: "dribble", Protocol: Echo, Rate: 50}, func(r *report.Report) bool { return r.Counters.Delivered == r.Counters.Sent }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := tt.o
			if o.URL == "" {
				o.URL = "ws://" + addr
			}
			if o.Connections == 0 {
				o.Connections = 100
			}
			if o.Duration == 0 {
				o.Duration = 500 * time.Millisecond
			}
			o.Loops = 2
			r, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err, r.Notes)
			}
			if r.Violations.Count > 0 {
				t.Errorf("%d violations: %v", r.Violations.Count, r.Violations.First)
			}
			if tt.want != nil && !tt.want(r) {
				t.Errorf("opened %d, %+v, %q", r.Opened, r.Counters, r.Notes)
			}
		})
	}
}

// A pause of the server is in the latency of all messages that were due during it, and not only of
// those that had been sent (coordinated omission).
func TestLatencyCountsFromSchedule(t *testing.T) {
	var n atomic.Int64
	addr := netpollServer(t, netpoll.Endpoint{OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) {
		if n.Add(1) == 100 {
			time.Sleep(300 * time.Millisecond) // stops the whole loop
		}
		c.Send(op, p)
	}})
	r, err := Run(t.Context(), Options{Scenario: "echo", URL: addr, Connections: 10, Rate: 1000, Duration: time.Second, Loops: 1})
	if err != nil || r.Violations.Count > 0 || r.Counters.Sent < 800 {
		t.Fatal(err, r.Counters)
	}
	if d := r.Phases.Get(report.Delivery).Quantile(0.85); d < 100*time.Millisecond {
		t.Errorf("the 85th percentile is %v: the server paused for 300 ms of 1 s", d)
	}
}

// Clients of the event loops and clients that misbehave use TLS. The certificate is self-signed.
func TestScenariosOverTLS(t *testing.T) {
	cert, key := certtest.New(t, "localhost").WriteTo(t, t.TempDir())
	addr := throng(t, func(c *config.Config) { c.TLSCert, c.TLSKey = cert, key })
	for _, scenario := range []string{"fanout", "storm", "stall", "dribble"} {
		o := Options{Scenario: scenario, URL: "wss://" + addr, Connections: 40, Duration: 300 * time.Millisecond, Loops: 2, Insecure: true}
		r, err := Run(t.Context(), o)
		if err != nil || r.Violations.Count > 0 || r.Counters.Delivered != 40*r.Counters.Sent || r.Phases.Get(report.TLS).Count() < 32 {
			t.Errorf("%s: %v, %+v", scenario, err, r)
		}
		o.Insecure = false
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "is not trusted") {
			t.Errorf("%s: %v", scenario, err)
		}
	}
}

// Clients that stopped reading and were ended by the server are in the notes, and are no part of the
// latency.
func TestStalledReadersAreReported(t *testing.T) {
	addr := throng(t, func(c *config.Config) { c.OutboundBytes = 4 << 20 }) // those that read may be late by 2.6 s
	r, err := Run(t.Context(), Options{Scenario: "stall", URL: addr, Connections: 50, Rate: 200, Size: 8000, Duration: 6 * time.Second, Loops: 2})
	if err != nil || r.Violations.Count > 0 {
		t.Fatalf("%v, %+v", err, r.Violations)
	}
	note := regexp.MustCompile(`^of 10 clients that stopped reading, 10 were ended by the server, the last after [1-9]\.\d+s$`)
	if !slices.ContainsFunc(r.Notes, note.MatchString) {
		t.Errorf("%q", r.Notes)
	}
	if n, want := r.Phases.Get(report.Delivery).Count(), 40*r.Counters.Sent; n != want {
		t.Errorf("the latency has %d deliveries, the clients that read received %d", n, want)
	}
}

// The server ends every kind of half-open connection. Its time limits are checked every second.
func TestHalfOpenConnectionsAreEnded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the server's time limits")
	}
	addr := throng(t, func(c *config.Config) {
		c.PingInterval, c.PongTimeout, c.HeaderTimeout, c.ConnectTimeout = 2*time.Second, time.Second, time.Second, time.Second
	})
	o := Options{Scenario: "half-open", URL: addr, Connections: 100, Duration: 20 * time.Second, Loops: 2}
	r, err := Run(t.Context(), o)
	if err != nil || r.Violations.Count > 0 || r.Duration > 15*time.Second || r.Counters.Delivered < 80 {
		t.Errorf("%v, %+v, %+v", err, r.Violations, r)
	}
	t.Log(r.Notes)
}

package load

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// A run whose publishes are all refused fails, in every scenario that sends messages.
func TestRunFailsIfNothingIsDelivered(t *testing.T) {
	addr := throng(t, func(c *config.Config) {
		o := &c.Channel.WithoutNamespace
		o.AllowPublishForClient, o.AllowPublishForSubscriber, o.AllowPublishForAnonymous = false, false, false
	})
	for _, scenario := range []string{"fanout", "rooms", "storm", "idle"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			r, err := Run(t.Context(), Options{Scenario: scenario, URL: addr, Connections: 20, Duration: 300 * time.Millisecond, Rate: 100, Rounds: 1, Loops: 1})
			if err != nil {
				t.Fatal(err)
			}
			if r.OK() || !slices.Contains(r.Failures, "nothing was delivered") || len(r.Failures) != 2 || !strings.Contains(r.Summary(), "all of them refused") {
				t.Errorf("%q, %q", r.Failures, r.Summary())
			}
		})
	}
}

func TestFailIfCondition(t *testing.T) {
	addr := throng(t, nil)
	for text, fails := range map[string]bool{"delivery.p99>0s": true, "delivery.p99>10m": false, "opened<100%": false, "errors>=0": true} {
		r, err := Run(t.Context(), Options{Scenario: "fanout", URL: addr, Connections: 5, Duration: 100 * time.Millisecond, Rate: 100, Loops: 1, FailIf: []string{text}})
		if err != nil || r.OK() == fails {
			t.Errorf("%s: %v, %q", text, err, r.Failures)
		}
	}
}

func TestRunWithPayloadNamesHeadersAndRamp(t *testing.T) {
	payload := filepath.Join(t.TempDir(), "payload")
	if err := os.WriteFile(payload, []byte("\"quoted\" \\ and\nünïcode <&> \u2028"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := throng(t, nil)
	for name, o := range map[string]Options{
		"payload":      {Payload: payload},
		"even":         {Schedule: Even},
		"room name":    {RoomName: "ünder-{room}-{run}"},
		"one room":     {RoomName: "the-room", Rooms: 1},
		"header":       {Header: []string{"X-Trace: a", "X-Trace: b"}},
		"ramp":         {Ramp: 300 * time.Millisecond},
		"ramp, broken": {Ramp: time.Nanosecond},
	} {
		t.Run(name, func(t *testing.T) {
			o.Scenario, o.URL, o.Connections, o.Duration, o.Rate, o.Loops = "fanout", addr, 20, 200*time.Millisecond, 200, 2
			r, err := Run(t.Context(), o)
			if err != nil || !r.OK() || r.Counters.Delivered == 0 || r.Counters.Delivered != 20*r.Counters.Sent {
				t.Errorf("%v, %s, %v", err, r.Summary(), r.Violations.First)
			}
			if open := stageOf(r, report.Open); open.End-open.Begin < o.Ramp {
				t.Errorf("all were open after %v", open.End-open.Begin)
			}
		})
	}
}

func stageOf(r *report.Report, name string) report.Stage {
	for _, s := range r.Stages {
		if s.Name == name {
			return s
		}
	}
	return report.Stage{}
}

// After a part of the ramp at most that part of the clients have been opened.
func TestRampIsEven(t *testing.T) {
	var mu sync.Mutex
	var opened []time.Time
	addr := netpollServer(t, netpoll.Endpoint{OnOpen: func(*netpoll.Conn) {
		mu.Lock()
		opened = append(opened, time.Now())
		mu.Unlock()
	}})
	const ramp = 400 * time.Millisecond
	began := time.Now()
	if _, err := Run(t.Context(), Options{Scenario: "idle", Protocol: Echo, URL: addr, Connections: 100, Duration: time.Millisecond, Ramp: ramp, Loops: 1, Patience: time.Second}); err == nil {
		t.Log("the server does not echo: the run has to fail")
	}
	mu.Lock()
	defer mu.Unlock()
	for i, at := range opened[:100] {
		if earliest := began.Add(ramp * time.Duration(i) / 100); at.Before(earliest.Add(-rampStep)) {
			t.Fatalf("number %d was open after %v", i, at.Sub(began))
		}
	}
}

func TestEvenSchedule(t *testing.T) {
	w := &worker{run: &run{o: Options{Schedule: Even}}}
	w.schedule.mean = 1000
	for i := range int64(5) {
		if w.schedule.due != 1000*i {
			t.Fatalf("message %d is due at %d", i, w.schedule.due)
		}
		w.setNextDue()
	}
}

// Messages of others are no violation in a room that is shared, as --room-name without {run} says.
func TestMessagesOfOthersInSharedRoom(t *testing.T) {
	addr := throng(t, nil)
	first := Options{Scenario: "fanout", URL: addr, Connections: 3, Duration: 100 * time.Millisecond, Rate: 100, Loops: 1, RoomName: "shared"}
	for i := range 2 { // the second run finds the messages of the first in the history
		r, err := Run(t.Context(), first)
		if err != nil || !r.OK() {
			t.Fatal(i, err, r.Violations.First)
		}
		if skipped := slices.ContainsFunc(r.Unchecked, func(u report.Unchecked) bool { return strings.Contains(u.Why, "shared") }); skipped != (i == 1) {
			t.Errorf("run %d: %v", i, r.Unchecked)
		}
	}
}

func TestConnectCommandCarriesToken(t *testing.T) {
	if got := string(connectCommand("a.b.c")); got != `{"id":1,"connect":{"token":"a.b.c","name":"throng load"}}` {
		t.Error(got)
	}
}

// Every header line reaches the server, from the clients of the event loops and from those that misbehave.
func TestHeadersAreInEveryRequest(t *testing.T) {
	o := Options{Header: []string{"Authorization: Bearer abc", "x-a: 1", "X-A:2"}}
	if err := o.parseHeader(); err != nil || o.header.Get("Authorization") != "Bearer abc" || len(o.header["X-A"]) != 2 {
		t.Errorf("%v, %v", err, o.header)
	}
	var mu sync.Mutex
	seen := 0
	addr := netpollServer(t, netpoll.Endpoint{
		Accept: func(r *netpoll.Request) error {
			mu.Lock()
			defer mu.Unlock()
			if r.Header("Authorization") == "Bearer abc" {
				seen++
			}
			return nil
		},
		OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
	})
	_, err := Run(t.Context(), Options{Scenario: "dribble", Protocol: Echo, URL: addr, Connections: 10, Share: 50, Duration: 100 * time.Millisecond, Rate: 50, Loops: 1, Header: o.Header})
	if err != nil || seen != 10 {
		t.Errorf("%v, %d of 10 requests had the header, %v", err, seen, o.header)
	}
}

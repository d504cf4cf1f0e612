//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/wire"
	"github.com/throngd/throng/frame"
)

// The second part of the workload rooms keeps its schedule, at half of the rate of the first.
func TestRoomsAtHalfTheRate(t *testing.T) {
	r, err := rooms(testOptions(new(roomServer).listen(t)))
	if err != nil || r.Half == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	if share := r.Half.Rate / r.Rate; share < 0.2 || share > 0.8 || r.Half.P50 <= 0 {
		t.Errorf("half the rate is %.2f of it: %+v", share, r.Half)
	}
}

// A pause is in the latency of all messages that were due during it, and not only of the one in
// flight (coordinated omission), even if it is the generator that pauses.
func TestLatencyCountsFromSchedule(t *testing.T) {
	o := testOptions(new(roomServer).listen(t))
	o.inflight = 1
	p, err := newFanoutRun(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.openRooms(); err != nil {
		t.Fatal(err)
	}
	p.o.seconds, p.meter.o.seconds = time.Second, time.Second
	s, n := newScheduledRun(p, 7*400), 0 // 400 messages a second
	p.Deliver = func(id int32, number uint32) {
		if n++; n == 7*200 {
			time.Sleep(150 * time.Millisecond)
		}
		s.deliver(id, number)
	}
	r, err := s.run()
	if err != nil || r.Deliveries < 7*250 || r.P99 < 20_000 {
		t.Errorf("%d deliveries, p99 %.0f us, %v: the generator paused for 150 ms of 1 s", r.Deliveries, r.P99, err)
	}
}

func TestRepeatedMessageFailsScheduledRun(t *testing.T) {
	o := testOptions((&roomServer{tamper: func(member, n int, f []byte) []byte {
		if member == 2 && n == 50 {
			return append(f, f...)
		}
		return f
	}}).listen(t))
	o.inflight = 1
	p, err := newFanoutRun(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.openRooms(); err != nil {
		t.Fatal(err)
	}
	if r, err := newScheduledRun(p, 7*1000).run(); err == nil || !strings.Contains(err.Error(), "instead of") {
		t.Errorf("%+v, %v", r, err)
	}
}

// After churn every member is in the room once.
func TestChurnedMembersRejoin(t *testing.T) {
	s := new(roomServer)
	s.gone = true
	o := testOptions(s.listen(t))
	o.churn = 2
	if r, err := fanout(o); err != nil || r.Messages < 10 {
		t.Fatalf("%+v, %v", r, err)
	}
	if s.mu.Lock(); s.joined != o.members+2*(o.members/2) {
		t.Errorf("%d joined", s.joined)
	}
	s.mu.Unlock()
}

func TestConnectRun(t *testing.T) {
	o := testOptions(new(roomServer).listen(t))
	o.conns = 5
	r, err := connect(o)
	if err != nil || r.Connects < 100 || r.P50 <= 0 || r.Rate != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	o.addr = answers(t, "HTTP/1.1 503 Service Unavailable\r\n\r\n")
	if r, err := connect(o); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("%+v, %v; want the refusal", r, err)
	}
}

// The workload pings counts the pings that arrived. Too few of them are no figure.
func TestPingsAreCounted(t *testing.T) {
	for _, every := range []time.Duration{20 * time.Millisecond, 0} {
		s := &roomServer{pings: every}
		o := testOptions(s.listen(t))
		o.conns, o.interval, o.pid = 3, 20*time.Millisecond, os.Getpid()
		r, err := pings(o)
		switch {
		case every == 0 && (err == nil || !strings.Contains(err.Error(), "0 pings")):
			t.Errorf("%+v, %v; there were no pings", r, err)
		case every > 0 && (err != nil || r.Pings < 10 || r.IdleCost <= 0):
			t.Errorf("%+v, %v", r, err)
		}
	}
}

// A server that loses or repeats messages during recovery has no figure.
func TestRecoveryRun(t *testing.T) {
	tests := map[string]struct {
		missed func(all []string) []string
		want   string
	}{
		"all":     {func(all []string) []string { return all }, ""},
		"one not": {func(all []string) []string { return all[1:] }, "instead of"},
		"twice":   {func(all []string) []string { return append(all, all[len(all)-1]) }, "instead of"},
		"late":    {func(all []string) []string { return all[:len(all)-1] }, "lost"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testOptions(historyServer(tt.missed).listen(t))
			o.protocol, _ = wire.NewProtocol("centrifuge", "")
			o.conns, o.messages = 6, 10
			r, err := recovery(o)
			if tt.want == "" && (err != nil || r.Messages%60 != 0 || r.Messages < 180 || r.Connects <= 0) {
				t.Errorf("%+v, %v", r, err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%+v, %v; want an error with %q", r, err, tt.want)
			}
		})
	}
}

// historyServer speaks enough of the Centrifuge protocol.
func historyServer(missed func([]string) []string) *roomServer {
	var all []string
	var joined atomic.Int32
	text := func(c net.Conn, s string) { c.Write(frame.AppendFrame(nil, frame.OpText, []byte(s))) }
	return &roomServer{gone: true, answer: func(c net.Conn, p []byte) []byte {
		switch at := wire.FindBody(p, -1); {
		case at >= 0:
			all = append(all, string(p[at:at+40]))
			return []byte(`{"push":{"channel":"storm","pub":{"data":"` + string(p[at:at+40]) + `"}}}`)
		case bytes.Contains(p, []byte(`"recover":true`)):
			text(c, `{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"recovered":true,"publications":[{"data":"`+
				strings.Join(missed(all), `","offset":1},{"data":"`)+`"}]}}`)
		case bytes.Contains(p, []byte(`"presence_stats"`)):
			text(c, fmt.Sprintf(`{"id":4,"presence_stats":{"num_clients":%d}}`, joined.Load()))
		default:
			joined.Add(1)
			text(c, `{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"epoch":"e","offset":7,"recoverable":true}}`)
		}
		return nil
	}}
}

func TestSlopeBetweenMemoryReadings(t *testing.T) {
	memory := func(conns int, bytes int64) result.Memory {
		return result.Memory{Connections: conns, Rss: bytes, Pss: bytes / 2, Slab: 10 * bytes, TCP: 4}
	}
	r := result.Result{Memory: []result.Memory{memory(1000, 5e6), memory(3000, 6e6), memory(5000, 7e6)}}
	if slopes(&r, 3000); r.BytesPerConn != 500 || r.PssPerConn != 250 || r.KernelPerConn != 5000 || r.Fault != "" {
		t.Errorf("%+v", r)
	}
	if slopes(&r, 4000); r.Fault == "" {
		t.Error("a slope of one step")
	}
}

package faulty_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/load"
	"github.com/throngd/throng/internal/load/faulty"
	"github.com/throngd/throng/internal/load/report"
)

// start runs a faulty server until the test ends.
func start(t *testing.T, s *faulty.Server) (addr string) {
	t.Helper()
	addr, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return addr
}

// small is a run of some 150 messages and 1,500 deliveries.
func small(scenario, protocol, addr string) load.Options {
	path := map[string]string{load.Centrifuge: "/connection/websocket", load.Echo: "/echo", load.Rooms: "/"}[protocol]
	o := load.Options{
		Scenario: scenario, URL: "ws://" + addr + path, Protocol: protocol, Connections: 30, Rate: 500,
		Duration: 300 * time.Millisecond, Loops: 2, Processes: 1, Patience: 2 * time.Second,
	}
	if protocol != load.Echo {
		o.Rooms = 3
	}
	return o
}

// run is the load test, which must end by itself.
func run(t *testing.T, o load.Options) *report.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := load.Run(ctx, o)
	if r == nil {
		t.Fatal(err)
	}
	if r.Interrupted {
		t.Error("the run did not end by itself")
	}
	if (err != nil) != (r.Err != "") {
		t.Errorf("error %v, in the report %q", err, r.Err)
	}
	return r
}

type (
	kinds = []report.Kind
	proof struct {
		fault faulty.Fault
		want  kinds  // all of them are found, and no other
		exact bool   // each once
		err   string // the run fails with it
		also  kinds  // violations that may be found besides
	}
)

// check checks that the report names the fault.
func (p proof) check(t *testing.T, s *faulty.Server, r *report.Report) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("%d deliveries, error %q, %v, %v, not checked: %v", s.Sent(), r.Err, r.Violations.ByKind, r.Violations.First, r.Unchecked)
		}
	}()
	if s.Done() == 0 {
		t.Fatal("the fault was not committed: this run proves nothing")
	}
	if r.OK() {
		t.Error("the fault was not found")
	}
	for _, k := range p.want {
		if n := r.Violations.ByKind[k]; n == 0 || p.exact && n != s.Done() {
			t.Errorf("%d times %q, committed %d times", n, k, s.Done())
		}
	}
	for _, k := range slices.Collect(maps.Keys(r.Violations.ByKind)) {
		if !slices.Contains(p.want, k) && !slices.Contains(p.also, k) {
			t.Errorf("%q was found, which was not committed", k)
		}
	}
	if !strings.Contains(r.Err, p.err) || p.err == "" && r.Err != "" {
		t.Errorf("error %q, want %q", r.Err, p.err)
	}
	for _, v := range r.Violations.First {
		if v.Text == "" || v.Room == "" && r.Scenario != "echo" {
			t.Errorf("nobody can follow this up: %+v", v)
		}
	}
}

// prove runs a scenario against each fault, and once without.
func prove(t *testing.T, o func(addr string) load.Options, at map[faulty.Fault]int64, proofs []proof) {
	t.Run("without a fault", func(t *testing.T) {
		t.Parallel()
		s := &faulty.Server{}
		r := run(t, o(start(t, s)))
		if !r.OK() || s.Sent() < 100 || r.Counters.Delivered < 100 || len(r.Counters.Disconnects)+len(r.Counters.Errors) > 0 {
			t.Errorf("%d deliveries, error %q, %v, %+v", s.Sent(), r.Err, r.Violations, r.Counters)
		}
	})
	for _, p := range proofs {
		t.Run(string(p.fault), func(t *testing.T) {
			t.Parallel()
			s := &faulty.Server{Fault: p.fault, At: at[p.fault]}
			if s.At == 0 {
				s.At = at[faulty.None]
			}
			p.check(t, s, run(t, o(start(t, s))))
		})
	}
}

// With offsets and a history, the oracle finds every fault.
func TestFaultsWithHistoryAreFound(t *testing.T) {
	about := map[faulty.Fault]int64{
		faulty.None:       400,                                                                                                        // deliveries of some 1,500
		faulty.LoseForAll: 40, faulty.NotKeep: 40, faulty.Forget: 40, faulty.KeepTwice: 40, faulty.KeepSwap: 40, faulty.KeepAlien: 40, // messages of some 150
		faulty.NoConnect: 5, faulty.NoSubscribe: 5, faulty.NoAck: 40, faulty.NoHistory: 2, faulty.Refuse: 5, faulty.Babble: 5, // commands
	}
	prove(t, func(addr string) load.Options { return small("rooms", load.Centrifuge, addr) }, about, []proof{
		{fault: faulty.Lose, want: kinds{report.Lost}, exact: true},
		{fault: faulty.Deafen, want: kinds{report.Lost}},
		{fault: faulty.Repeat, want: kinds{report.Repeated}, exact: true},
		{fault: faulty.RepeatLater, want: kinds{report.Repeated}, exact: true},
		{fault: faulty.Swap, want: kinds{report.Reordered}, exact: true},
		{fault: faulty.Disorder, want: kinds{report.Disagree}, also: kinds{report.Reordered}},
		{fault: faulty.Invent, want: kinds{report.Invented}, exact: true},
		// A forged message has a place in the order like any other, until the end shows that nobody
		// sent it: if other members on the loop are ahead, later messages look late.
		{fault: faulty.Forge, want: kinds{report.Invented}, exact: true, also: kinds{report.Disagree, report.Lost, report.NotKept, report.Reordered}},
		{fault: faulty.Alter, want: kinds{report.Invented, report.Lost}, exact: true},
		{fault: faulty.Misroute, want: kinds{report.Invented}, exact: true},
		{fault: faulty.LoseForAll, want: kinds{report.Lost}},
		{fault: faulty.NotKeep, want: kinds{report.NotKept}, exact: true},
		{fault: faulty.Forget, want: kinds{report.NotKept}, exact: true},
		{fault: faulty.KeepTwice, want: kinds{report.Doubled}, exact: true},
		{fault: faulty.KeepSwap, want: kinds{report.Disagree}, exact: true},
		{fault: faulty.KeepAlien, want: kinds{report.Invented}, exact: true},
		{fault: faulty.NoAck, want: kinds{report.Silent}, exact: true},
		{fault: faulty.NoHistory, want: kinds{report.Silent}, exact: true},
		{fault: faulty.NoConnect, err: "connect within 2s"},
		{fault: faulty.NoSubscribe, err: "subscribe within 2s"},
		{fault: faulty.Refuse, err: "error 100"},
		{fault: faulty.Babble, err: "502 Bad Gateway"},
		{fault: faulty.Cut, err: "1 of 30 connections were lost", also: kinds{report.Lost}},
	})
}

// The Centrifuge protocol in a namespace without history has neither offsets nor a
// history. Clients that joined before the first publish must receive every message.
func TestFaultsWithoutHistoryAreFound(t *testing.T) {
	for _, scenario := range []string{"rooms", "idle"} {
		t.Run(scenario, func(t *testing.T) {
			for _, p := range []proof{
				{fault: faulty.None},
				{fault: faulty.Lose, want: kinds{report.Lost}, exact: true},
				{fault: faulty.Deafen, want: kinds{report.Lost}},
				{fault: faulty.Repeat, want: kinds{report.Repeated}, exact: true},
				{fault: faulty.Invent, want: kinds{report.Invented}, exact: true},
				{fault: faulty.LoseForAll, want: kinds{report.NotKept}, exact: true},
				{fault: faulty.NoAck, want: kinds{report.Silent}, exact: true},
			} {
				t.Run(string(p.fault), func(t *testing.T) {
					t.Parallel()
					s := &faulty.Server{Fault: p.fault, Plain: true, At: 2}
					r := run(t, small(scenario, load.Centrifuge, start(t, s)))
					if p.fault != faulty.None {
						p.check(t, s, r)
					} else if !r.OK() || r.Counters.Delivered != s.Sent() || s.Sent() != 10*r.Counters.Sent {
						t.Errorf("%d of %d, %v", r.Counters.Delivered, s.Sent(), r.Violations)
					}
				})
			}
		})
	}
}

// Messages that a recovery leaves out are found.
func TestFaultsOfRecoveryAreFound(t *testing.T) {
	prove(t, func(addr string) load.Options {
		o := small("storm", load.Centrifuge, addr)
		o.Rounds, o.Duration, o.Rate, o.Senders, o.Patience = 2, 600*time.Millisecond, 300, 2, 10*time.Second
		return o
	}, map[faulty.Fault]int64{faulty.None: 1, faulty.Lose: 1000}, []proof{
		{fault: faulty.RecoverLess, want: kinds{report.Lost}, exact: true},
		{fault: faulty.Lose, want: kinds{report.Lost}, exact: true},
	})
}

// With an echo server, every message comes back to its sender.
func TestFaultsOfEchoAreFound(t *testing.T) {
	prove(t, func(addr string) load.Options {
		o := small("echo", load.Echo, addr)
		o.Connections = 3
		return o
	}, map[faulty.Fault]int64{faulty.None: 40}, []proof{
		{fault: faulty.Lose, want: kinds{report.Lost}, exact: true},
		{fault: faulty.Deafen, want: kinds{report.Lost}},
		{fault: faulty.Repeat, want: kinds{report.Repeated}, exact: true},
		{fault: faulty.RepeatLater, want: kinds{report.Repeated}, exact: true},
		{fault: faulty.Swap, want: kinds{report.Reordered}, exact: true},
		{fault: faulty.Invent, want: kinds{report.Invented}, exact: true},
		{fault: faulty.Forge, want: kinds{report.Invented}, exact: true},
		{fault: faulty.Alter, want: kinds{report.Invented, report.Lost}, exact: true},
		{fault: faulty.Cut, err: "1 of 3 connections were lost", also: kinds{report.Lost}},
	})
}

// The protocol rooms has neither offsets nor replies nor a history, as the broadcast examples of most
// libraries. That members disagree about the order of different senders is not checked there:
// such a server promises none.
func TestFaultsOfRoomsAreFound(t *testing.T) {
	prove(t, func(addr string) load.Options { return small("rooms", load.Rooms, addr) },
		map[faulty.Fault]int64{faulty.None: 400, faulty.LoseForAll: 40}, []proof{
			{fault: faulty.Lose, want: kinds{report.Lost}, exact: true},
			{fault: faulty.Deafen, want: kinds{report.Lost}},
			{fault: faulty.Repeat, want: kinds{report.Repeated}, exact: true},
			{fault: faulty.RepeatLater, want: kinds{report.Repeated}, exact: true},
			{fault: faulty.Invent, want: kinds{report.Invented}, exact: true},
			{fault: faulty.Forge, want: kinds{report.Invented}, exact: true},
			{fault: faulty.Alter, want: kinds{report.Invented, report.Lost}, exact: true},
			{fault: faulty.Misroute, want: kinds{report.Invented}, exact: true},
			{fault: faulty.LoseForAll, want: kinds{report.Lost}},
			{fault: faulty.Cut, err: "1 of 30 connections were lost", also: kinds{report.Lost}},
		})
}

// One lost delivery is found, and nothing else, among
// more than 300,000 deliveries.
func TestOneLossInAHundredThousandIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("it delivers 400,000 messages twice")
	}
	for _, fault := range []faulty.Fault{faulty.None, faulty.Lose} {
		t.Run(fmt.Sprintf("%q", fault), func(t *testing.T) {
			s := &faulty.Server{Fault: fault, At: 100_000, Every: 100_000}
			o := small("fanout", load.Centrifuge, start(t, s))
			o.Connections, o.Rooms, o.Rate, o.Duration = 200, 2, 1000, 4*time.Second // 1,000 a second for 100 each
			r := run(t, o)
			if r.Counters.Delivered < 300_000 {
				t.Errorf("only %d deliveries", r.Counters.Delivered)
			}
			if fault == faulty.None {
				if !r.OK() || r.Counters.Delivered != s.Sent() {
					t.Errorf("%d of %d, error %q, %v", r.Counters.Delivered, s.Sent(), r.Err, r.Violations)
				}
				return
			}
			if s.Done() < 3 {
				t.Errorf("committed only %d times", s.Done())
			}
			proof{want: kinds{report.Lost}, exact: true}.check(t, s, r)
			t.Logf("found %d losses in %d deliveries", r.Violations.ByKind[report.Lost], r.Counters.Delivered)
		})
	}
}

// If the target dies, the run ends soon with an error and the results until then. In stall there are
// clients that do not notice.
func TestTargetDies(t *testing.T) {
	for _, scenario := range []string{"rooms", "storm", "stall", "dribble"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			targetDies(t, scenario)
		})
	}
}

func targetDies(t *testing.T, scenario string) {
	s := new(faulty.Server)
	addr, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	o := small(scenario, load.Centrifuge, addr)
	o.Duration = 20 * time.Second
	died := make(chan struct{})
	go func() {
		defer close(died)
		for s.Sent() < 500 {
			time.Sleep(time.Millisecond)
		}
		s.Close()
	}()
	began := time.Now()
	r := run(t, o)
	<-died
	if r.OK() || r.Counters.Delivered < 400 || time.Since(began) > 15*time.Second {
		t.Errorf("after %v: error %q, %d delivered", time.Since(began), r.Err, r.Counters.Delivered)
	}
	if r.Violations.ByKind[report.Repeated]+r.Violations.ByKind[report.Invented]+r.Violations.ByKind[report.Disagree] > 0 {
		t.Errorf("it died, that is all: %v", r.Violations.First)
	}
}

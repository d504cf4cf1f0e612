//go:build linux

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// build returns a directory with the floor, the load generator and some programs that fail.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir+"/", "../floor", "../load")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script(t, dir, "silent", "exec sleep 60")
	script(t, dir, "dies", "echo the port is taken >&2; exit 1")
	script(t, dir, "falls", `"$(dirname "$0")/floor" --listen "$2" & sleep 1; kill $!; wait; echo fell >&2`)
	return dir
}

func script(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestMeasureReportsFigureOrFault(t *testing.T) {
	o := options{bin: build(t), seconds: 300 * time.Millisecond, files: 20_000}
	args := []string{"--listen", "ADDR"}
	tests := []struct {
		server   server
		workload workload
		fault    string
	}{
		{server{Program: "floor", Args: args, Endpoints: minimal}, workload{Kind: "fanout", Args: []string{"--members", "20", "--inflight", "4"}}, ""},
		{server{Program: "floor", Args: append(args, "--flush", "message"), Endpoints: minimal}, workload{Kind: "fanout", Args: []string{"--rooms", "5", "--members", "3"}}, ""},
		{server{Program: "floor", Args: append(args, "--flush", "deep"), Endpoints: minimal}, workload{Kind: "echo", Args: []string{"--conns", "5", "--pipeline", "3"}}, ""},
		{server{Program: "floor", Args: args}, workload{Kind: "echo"}, result.NotSupported},
		{server{Program: "floor", Args: append(args, "--flush", "deep"), Endpoints: minimal}, workload{Kind: "rooms", Args: []string{"--rooms", "5", "--members", "3"}}, ""},
		{server{Program: "floor", Args: args, Endpoints: minimal}, workload{Kind: "fanout", Args: []string{"--members", "20", "--churn", "2"}}, ""},
		{server{Program: "floor", Args: args, Endpoints: minimal}, workload{Kind: "connect", Args: []string{"--conns", "8"}}, ""},
		{server{Program: "floor", Args: args, Endpoints: map[string]endpoint{"recovery": {Protocol: "rooms"}}}, workload{Kind: "recovery"}, "needs the protocol centrifuge"},
		{server{Program: "floor", Args: args, Endpoints: minimal}, workload{Kind: "fanout", Files: 30_000}, "20000 open files are allowed, this needs 30100"},
		{server{Program: "floor", Args: args, Endpoints: minimal}, workload{Kind: "fanout", Args: []string{"--warmup", "20s"}, Limit: time.Second}, "took longer than"},
		{server{Program: "silent", Args: args, Endpoints: minimal}, workload{Kind: "echo", Limit: time.Second}, "took longer than"},
		{server{Program: "missing", Endpoints: minimal}, workload{Kind: "echo"}, "not built"},
		{server{Program: "dies", Endpoints: minimal}, workload{Kind: "echo"}, "the port is taken"},
		{server{Program: "falls", Args: args, Endpoints: minimal}, workload{Kind: "fanout", Args: []string{"--warmup", "20s"}}, "e"}, // either process may notice first
	}
	for _, tt := range tests {
		r := measure(t.Context(), o, []server{tt.server}, tt.workload)[0]
		if r.Fault != tt.fault && (tt.fault == "" || !strings.Contains(r.Fault, tt.fault)) {
			t.Errorf("%s at %s: fault %q, want %q", tt.server.Program, tt.workload.Kind, r.Fault, tt.fault)
		}
		if tt.fault == "" && (r.Deliveries == 0 || score(tt.workload.Kind)(r) == 0 || tt.workload.Kind == "rooms" && (r.Half == nil || r.Half.Deliveries == 0)) {
			t.Errorf("%s at %s: %+v", tt.server.Program, tt.workload.Kind, r)
		}
	}
}

// Servers that take turns have the whole time each, and the failure of one does not affect the others.
func TestTurnsAreIndependent(t *testing.T) {
	o := options{bin: build(t), seconds: 3 * slice, files: 20_000}
	floor := server{Program: "floor", Args: []string{"--listen", "ADDR"}, Endpoints: minimal}
	lost := floor
	lost.Program = "falls"
	for _, kind := range inTurns {
		got := measure(t.Context(), o, []server{floor, lost, {Endpoints: minimal}, floor}, workload{Kind: kind, Args: []string{"--warmup", "10ms"}})
		for i, r := range got {
			whole := r.Fault == "" && r.Seconds > o.seconds.Seconds() && r.Seconds < 2*o.seconds.Seconds()
			if whole != (i == 0 || i == 3) {
				t.Errorf("%s, number %d: %+v", kind, i, r)
			}
		}
	}
}

// After an interruption the report has the complete rounds.
func TestInterruptedRunIsReported(t *testing.T) {
	dir, out := build(t), t.TempDir()
	script(t, dir, "gws", `d="$(dirname "$0")"; [ -e "$d/once" ] && { touch "$d/twice"; exec sleep 60; }; touch "$d/once"; exec "$d/floor" --listen "$2"`)
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		for {
			if _, err := os.Stat(filepath.Join(dir, "twice")); err == nil || ctx.Err() != nil {
				interrupt()
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	o := options{bin: dir, out: out, rounds: 2, seconds: 100 * time.Millisecond, cores: 2, files: 20_000, only: "gws,echo/1"}
	if err := run(ctx, o); err != nil {
		t.Fatal(err)
	}
	tables, _ := filepath.Glob(filepath.Join(out, "*.txt"))
	if len(tables) != 1 {
		t.Fatal(tables)
	}
	text, err := os.ReadFile(tables[0])
	if err != nil || !strings.Contains(string(text), "medians of 1 rounds") || !strings.Contains(string(text), "interrupted in round 2 of 2, at echo 1") {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := run(ctx, o); err != context.Canceled {
		t.Errorf("interrupted at once: %v", err)
	}
}

func TestReportTables(t *testing.T) {
	some := []server{{Name: "floor", Floor: true}, {Name: "one"}, {Name: "two"}}
	todo := []workload{{Name: "chat", Kind: "fanout"}}
	rep := newReport(options{}, some, todo)
	for _, rate := range []float64{100, 300, 200} {
		rep.add(some[0], todo[0], result.Result{Rate: rate * 1e3, ServerCPU: 2, Deliveries: 1})
		rep.add(some[1], todo[0], result.Result{Rate: rate * 900, ServerCPU: 4, Deliveries: 1})
		rep.add(some[2], todo[0], result.Result{Rate: rate * 1e6, ServerCPU: 1, Deliveries: 1})
	}
	rep.add(some[2], todo[0], result.Result{Fault: "lost: 3 deliveries never came"})
	var out bytes.Buffer
	rep.print(&out)
	for _, want := range []string{"floor   200", "one   180", "two  LOST", "one  0.90", "2.00 (1.00)", "4.00 (0.50)", "two at chat: lost: 3"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "200000") {
		t.Errorf("a server that lost messages has a figure:\n%s", &out)
	}
}

// A server is not started on an address on which another one listens.
func TestTakenAddressFails(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := server{Program: "floor", Args: []string{"--listen", "ADDR"}}
	srv, err := startServer(t.Context(), options{bin: build(t)}, s, endpoint{}, l.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "is taken") {
		srv.end()
		t.Errorf("%v, want that the address is taken", err)
	}
}

// On a machine with one core the benchmark runs, with a warning.
func TestOneCoreWarns(t *testing.T) {
	out := t.TempDir()
	o := options{bin: build(t), out: out, rounds: 1, seconds: 100 * time.Millisecond, pinned: true, cores: 1, files: 20_000, only: "floor,netpoll,echo/1"}
	if err := run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	tables, _ := filepath.Glob(filepath.Join(out, "*.txt"))
	if len(tables) != 1 {
		t.Fatalf("reports: %v", tables)
	}
	text, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"has one core", "load generator on another: false", "FAILED", "netpoll at echo 1: not built", "no figure (not built)"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestGoalsMetMissedAndWithoutFigure(t *testing.T) {
	some := []server{{Name: "floor", Floor: true}, {Name: "gnet", Rival: true}, {Name: "netpoll"}, {Name: "throng"},
		{Name: "long", Floor: true, FloorOf: "throng"}}
	rep := newReport(options{pinned: true}, some, workloads)
	add := func(server int, name string, r result.Result) {
		for _, w := range workloads {
			if w.Name == name {
				rep.add(some[server], w, r)
			}
		}
	}
	for i, rate := range []float64{100, 200, 195, 100, 1000} {
		add(i, "1x1000 1", result.Result{Rate: rate, ServerCPU: 1, Deliveries: 1})
	}
	for i, rate := range []float64{100, 100, 100, 60, 80} { // throng is compared with its own floor only, and with the rivals
		add(i, "1x1000 64", result.Result{Rate: rate, ServerCPU: 1, Deliveries: 1})
	}
	add(0, "1x10000 16", result.Result{Rate: 100, ServerCPU: 1, Deliveries: 1})
	add(3, "1x10000 16", result.Result{Rate: 70, ServerCPU: 1, Deliveries: 1})
	add(4, "1x10000 16", result.Result{Rate: 80, ServerCPU: 1, Deliveries: 1})
	add(1, "1x1000 16", result.Result{Rate: 100, P99: 10})
	add(2, "1x1000 16", result.Result{Rate: 100, P99: 20})
	add(2, "idle", result.Result{BytesPerConn: 240})
	add(3, "idle", result.Result{BytesPerConn: 700})
	for _, rate := range []float64{90, 100, 110} { // 0.9, 1.0 and 1.1 of the floor: the deviation is 0.1, of the mean 0.1/sqrt(3)
		add(0, "echo 16", result.Result{Rate: 100})
		add(2, "echo 16", result.Result{Rate: rate})
	}
	add(3, "connect", result.Result{Connects: 5})
	add(2, "echo 1", result.Result{Fault: "lost: 3 of 10"})
	var out bytes.Buffer
	rep.print(&out)
	for _, want := range []string{
		"netpoll 1x1000 1 of the better of floor and best rival goal 0.95: 0.97 ok",
		"throng 1x1000 1 of the better of floor and best rival goal 0.85: 0.10 MISSED",
		"netpoll 1x1000 64 of the better of floor and best rival goal 0.95: 1.00 ok",
		"throng 1x1000 64 of the better of floor and best rival goal 0.85: 0.60 MISSED",
		"throng 1x10000 16 of the better of floor and best rival goal 0.85: 0.88 ok",
		"netpoll 1x1000 16 best rival's p99 by ours goal 1.00: 0.50 MISSED",
		"netpoll 1x1000 16 of its rate at fewer in flight (no cliff) goal 0.90: 0.51 MISSED",
		"netpoll idle resident bytes per connection goal at most 250: 240 ok",
		"throng idle resident bytes per connection goal at most 512: 700 MISSED",
		"netpoll echo 16 of the floor goal 0.95: 1.00 ± 0.06 ok",
		"throng connect of the stock gnet engine goal 1.00: no figure (the server to compare with was not measured)",
		"netpoll echo 1 of the floor goal 0.95: no figure (lost: 3 of 10)",
	} {
		if text := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// Floors that differ in what they send together take part only where there are messages to send together.
func TestBatchingFloorsAreLeftOut(t *testing.T) {
	for name, want := range map[string]bool{"1x1000 1": false, "1x1000 16": true, "1x1000 1 churned": false, "1000x10": false,
		"echo 1": false, "echo 16": true, "connect": false, "idle": false} {
		i := slices.IndexFunc(workloads, func(w workload) bool { return w.Name == name })
		if i < 0 || workloads[i].Batched() != want {
			t.Errorf("%s: number %d, batched %v", name, i, !want)
		}
	}
	ctx := context.Background()
	if e := startPair(ctx, options{}, server{Batching: true, Endpoints: minimal}, workloads[0]); e.err == nil || e.err.Error() != result.NotSupported {
		t.Errorf("a batching floor was measured with one message in flight: %v", e.err)
	}
}

func TestPickByName(t *testing.T) {
	servers := []server{{Name: "floor"}, {Name: "floor-deep"}, {Name: "netpoll"}, {Name: "throng"}}
	tests := []struct {
		only, skip, servers, workloads string
	}{
		{"", "floor*,n*,idle,1x*", "throng", "1000x10 echo/1 echo/16 connect pings recovery"},
		{"floor*,throng,echo/*", "floor-deep", "floor throng", "echo/1 echo/16"},
		{"1x1000/1", "", strings.Join(names(servers), " "), "1x1000/1"},
		{"nothing", "", "", ""},
		{"", "*", "", ""},
	}
	for _, tt := range tests {
		some, todo, err := pick(servers, workloads, tt.only, tt.skip)
		got := []string{strings.Join(names(some), " "), strings.Join(names(todo), " ")}
		if (err != nil) != (tt.servers == "") || got[0] != tt.servers || got[1] != tt.workloads {
			t.Errorf("--only %q --skip %q: %q, %v", tt.only, tt.skip, got, err)
		}
	}
}

func TestCommandOmitsDirectory(t *testing.T) {
	args := []string{"-rounds", "3", "-bin", "/home/me/bin", "-quick"}
	if got := command(args); got != "run -rounds 3 -quick" || args[2] != "-bin" {
		t.Errorf("%q of %q", got, args)
	}
	if got := command([]string{"-quick"}); got != "run -quick" {
		t.Errorf("%q", got)
	}
}

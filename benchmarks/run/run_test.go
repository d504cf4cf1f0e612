//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// build leaves the floor, the generator and some programs that fail in a directory.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir+"/", "../floor", "../load")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
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

func TestMeasure(t *testing.T) {
	o := options{bin: build(t), seconds: 300 * time.Millisecond}
	args := []string{"--listen", "ADDR"}
	tests := []struct {
		server server
		work   work
		fault  string
	}{
		{server{Program: "floor", Args: args, Speaks: minimal}, work{Kind: "fanout", Args: []string{"--members", "20", "--inflight", "4"}}, ""},
		{server{Program: "floor", Args: append(args, "--flush", "message"), Speaks: minimal}, work{Kind: "fanout", Args: []string{"--rooms", "5", "--members", "3"}}, ""},
		{server{Program: "floor", Args: append(args, "--flush", "deep"), Speaks: minimal}, work{Kind: "echo", Args: []string{"--conns", "5", "--pipeline", "3"}}, ""},
		{server{Program: "floor", Args: args}, work{Kind: "echo"}, notSpoken},
		{server{Program: "missing", Speaks: minimal}, work{Kind: "echo"}, "not built"},
		{server{Program: "dies", Speaks: minimal}, work{Kind: "echo"}, "the port is taken"},
		{server{Program: "falls", Args: args, Speaks: minimal}, work{Kind: "fanout", Args: []string{"--time", "20s"}}, "e"}, // whoever notices first
	}
	for _, tt := range tests {
		r := measure(t.Context(), o, tt.server, tt.work)
		if r.Fault != tt.fault && (tt.fault == "" || !strings.Contains(r.Fault, tt.fault)) {
			t.Errorf("%s at %s: fault %q, want %q", tt.server.Program, tt.work.Kind, r.Fault, tt.fault)
		}
		if tt.fault == "" && (r.Deliveries == 0 || r.Rate == 0) {
			t.Errorf("%s at %s: %+v", tt.server.Program, tt.work.Kind, r)
		}
	}
}

func TestReport(t *testing.T) {
	some := []server{{Name: "floor", Floor: true}, {Name: "one"}, {Name: "two"}}
	todo := []work{{Name: "chat", Kind: "fanout"}}
	rep := newReport(options{}, some, todo)
	for _, rate := range []float64{100, 300, 200} {
		rep.add(some[0], todo[0], result.Result{Rate: rate * 1e3, ServerCPU: 2, Deliveries: 1})
		rep.add(some[1], todo[0], result.Result{Rate: rate * 900, ServerCPU: 4, Deliveries: 1})
		rep.add(some[2], todo[0], result.Result{Rate: rate * 1e6, ServerCPU: 1, Deliveries: 1})
	}
	rep.add(some[2], todo[0], result.Result{Fault: "lost: 3 deliveries never came"})
	var out bytes.Buffer
	rep.print(&out)
	for _, want := range []string{"floor   200", "one   180", "two  LOST", "one  0.90", "4.00 (0.50)", "two at chat: lost: 3"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "200000") {
		t.Errorf("a server that lost messages has a figure:\n%s", &out)
	}
}

func TestPick(t *testing.T) {
	got, err := pick(works, "echo/16,1x1000/1")
	if err != nil || len(got) != 2 || got[0].Name != "1x1000 1" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := pick(works, "nothing"); err == nil || !strings.Contains(err.Error(), "1000x10") {
		t.Errorf("%v does not say what there is", err)
	}
}

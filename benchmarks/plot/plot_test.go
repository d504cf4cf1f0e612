package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// sample returns a run with figures over four powers of ten, faults, and servers without some
// kinds of workload.
func sample() *result.Run {
	run := &result.Run{Date: "2026-01-02T03:04:05Z", Commit: "abcdef0", Machine: "2 x Some Processor, Linux 6.1", Go: "go1.26", Pinned: true, Time: 2e9}
	names := []string{"floor-plain", "floor", "floor-deep", "netpoll", "throng", "gnet", "gobwas", "gws", "gorilla", "coder", "nbio", "centrifuge", "centrifugo"}
	for i, name := range names {
		run.Servers = append(run.Servers, result.Server{Name: name, Floor: i < 3, Rival: i > 4})
	}
	room := func(members, inflight int) {
		run.Workloads = append(run.Workloads, result.Workload{Name: fmt.Sprintf("1x%d %d", members, inflight), Kind: "fanout",
			Args: []string{"--members", strconv.Itoa(members), "--inflight", strconv.Itoa(inflight)}})
	}
	for _, inflight := range []int{1, 16, 64} {
		room(1000, inflight)
		room(10000, inflight)
	}
	room(5000, 1)
	room(15000, 1)
	run.Workloads = append(run.Workloads, result.Workload{Name: "idle", Kind: "idle"})
	for i, name := range names {
		for k, w := range run.Workloads {
			run.Cells = append(run.Cells, sampleCell(name, w, i, k))
		}
	}
	return run
}

func sampleCell(name string, w result.Workload, i, k int) *result.Cell {
	c := &result.Cell{Server: name, Workload: w.Name}
	switch {
	case name == "centrifugo":
		c.Fault = "did not start"
	case name == "gws" && k == 4:
		c.Fault = "lost: 3 deliveries never came"
	case name == "nbio" && strings.HasPrefix(w.Name, "1x10000 "), name == "floor-deep" && w.Kind == "idle":
		c.Fault = "-"
	}
	inflight, _ := w.Flag("inflight")
	members, _ := w.Flag("members")
	cost := float64(i+3) * (1 + float64(members)/30000)
	r := result.Result{Rate: 1e6 * float64(max(inflight/(1+i/2), 1)) / cost, ServerCPU: cost, P50: 1000 * cost, P99: 3000 * cost, P999: 9000 * cost}
	if w.Kind == "idle" {
		r.BytesPerConn = 55 * float64(i*i*i+1)
		for _, n := range []int{1000, 3000, 5000, 10000, 15000, 19000} {
			r.Memory = append(r.Memory, result.Memory{Connections: n, Rss: 3e6 + int64(float64(n)*r.BytesPerConn)})
		}
	}
	c.Rounds = []result.Result{r, r, r}
	return c
}

func TestEveryPlotIsDrawn(t *testing.T) {
	dir := t.TempDir()
	if d := os.Getenv("THRONG_PLOTS"); d != "" { // to look at them
		dir = d
	}
	path := filepath.Join(dir, "sample.json")
	write(t, path, sample())
	if err := run(dir, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"deliveries": {"floor-plain", "centrifugo", "LOST", "FAILED", "1 M", "commit abcdef0"},
		"idle":       {"73,260 B", "FAILED", "logarithmic"},
		"growth":     {"throng", "15 k", "microseconds"},
		"latency":    {"in flight: 64", "p99.9"},
	} {
		text := svgText(t, filepath.Join(dir, "sample-"+name+".svg"))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q", name, w)
			}
		}
	}
}

// TestTextsHaveTextLength: every text element has a textLength, so that it fits with any font of the viewer.
func TestTextsHaveTextLength(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sample.json")
	write(t, path, sample())
	if err := run(dir, []string{path}); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "sample-idle.svg"))
	if err != nil {
		t.Fatal(err)
	}
	texts, wide := strings.Count(string(svg), "<text "), strings.Count(string(svg), "<text textLength=")
	if texts == 0 || texts != wide {
		t.Errorf("%d of %d texts have a width", wide, texts)
	}
}

func TestPlotsWithoutFiguresAreNotDrawn(t *testing.T) {
	dir := t.TempDir()
	if err := run(dir, nil); err == nil {
		t.Error("no results are no error")
	}
	path := filepath.Join(dir, "x.json")
	all := sample()
	all.Workloads = all.Workloads[:0]
	write(t, path, all)
	if err := run(dir, []string{path}); err != nil {
		t.Error(err)
	}
	if svgs, _ := filepath.Glob(filepath.Join(dir, "*.svg")); len(svgs) > 0 {
		t.Errorf("drawn: %v", svgs)
	}
}

func write(t *testing.T, path string, run *result.Run) {
	t.Helper()
	b, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// svgText parses an XML file and returns its text.
func svgText(t *testing.T, path string) (text string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if err == io.EOF {
			return text
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok {
			text += string(c)
		}
	}
}

func TestHumanFormatsNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", .042: "0.04", 1: "1", 4.51: "4.5", 714.2: "714", 1234: "1,234", 9994: "9,994",
		12_345: "12 k", 999_499: "999 k", 999_900: "1 M", 5_840_000: "5.8 M", 12_000_000: "12 M"} {
		if got := human(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

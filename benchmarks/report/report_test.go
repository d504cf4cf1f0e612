package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const results = `{"date":"2026-01-02T03:04:05Z","commit":"abcdef0","command":"run -bin /home/somebody/bench -rounds 3","machine":"2 x P, Linux 6.1",
"go":"go1.26","pinned":true,"time_ns":2000000000,"warnings":["a core is missing"],
"servers":[{"name":"floor","floor":true},{"name":"floor-deep","floor":true},{"name":"nats"},{"name":"throng"},{"name":"gws","rival":true},{"name":"echoes"}],
"works":[{"name":"1x1000 16","kind":"fanout","args":["--members","1000","--inflight","16"]},{"name":"idle","kind":"idle"}],
"cells":[
{"server":"nats","work":"idle","rounds":[],"fault":"did not start: nats is not in the PATH: go install it"},
{"server":"floor-deep","work":"1x1000 16","rounds":[{"rate":5000000,"server_cpu_us":0.2}]},
{"server":"floor-deep","work":"idle","rounds":[{"bytes_per_conn":70}]},{"server":"floor","work":"idle","rounds":[{"bytes_per_conn":61}]},
{"server":"floor","work":"1x1000 16","rounds":[{"rate":3412000,"server_cpu_us":0.3}],"median":{"saturated":true}},
{"server":"throng","work":"idle","rounds":[{"bytes_per_conn":714.4}]},
{"server":"gws","work":"1x1000 16","rounds":[{"rate":9999000}],"fault":"lost: 3 deliveries never came"},
{"server":"gws","work":"idle","rounds":[],"fault":"did not start: the port is taken"},
{"server":"echoes","work":"idle","rounds":[],"fault":"-"}],
"goals":[{"server":"throng","work":"idle","what":"bytes","want":512,"most":true,"value":714.4,"uncertainty":12.3},
{"server":"netpoll","work":"echo","what":"of the floor","want":0.95,"hole":"not measured"}]}`

func TestReportReplacesTextBetweenMarks(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	page := file("benchmarks.md", "before\n"+begin+"\nold\n"+end+"\nafter\n")
	readme := file("README.md", "before\n"+begin+"\nold\n"+end+"\nafter\n")
	path := file("x.json", results)
	file("x-idle.svg", "<svg/>")
	for range 2 { // the second time replaces the first
		if err := run(page, readme, []string{path}); err != nil {
			t.Fatal(err)
		}
	}
	text := read(t, page)
	for _, want := range []string{
		"before\n" + begin + "\n### 2026-01-02 03:04 UTC, commit abcdef0\n\n2 x P, Linux 6.1, go1.26, `run -rounds 3`",
		"Not installed on this machine, and so not measured: nats.",
		"| floor | 3,412* (0.30) | 61 |", "| throng |  | 714 |", "| gws | **LOST** | **FAILED** |",
		"- gws at 1x1000 16: lost: 3", "the port is taken", "Warning: a core is missing.",
		"| throng | idle | at most 512 bytes | 714 ± 12 | **missed** |", "| netpoll | echo | at least 0.95 of the floor |  | not measured |",
		"![Plot: memory of an idle connection](x-idle.svg)", end + "\nafter\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, not := range []string{"old", "9,999", "somebody", "echoes", "PATH", "| nats"} {
		if strings.Contains(text, not) {
			t.Errorf("%q is in\n%s", not, text)
		}
	}
}

// TestReadmeGetsSmallTable: the README gets the small table, with the best of the floors, and one plot.
func TestReadmeGetsSmallTable(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	marks := begin + "\n" + end
	page, readme, path := write("benchmarks.md", marks), write("README.md", marks), write("x.json", results)
	write("x-idle.svg", "<svg/>")
	write("x-latency.svg", "<svg/>")
	if err := run(page, readme, []string{path, path}); err != nil {
		t.Fatal(err)
	}
	want := begin + `
| | room of 1,000, 16 in flight | idle, bytes |
|---|---:|---:|
| epoll and ` + "`send`" + `, nothing else | 5,000 (0.20) | 61 |
| **throng** |  | 714 |

![Plot: memory of an idle connection](x-idle.svg)

` + end
	if got := read(t, readme); got != want {
		t.Errorf("README has\n%s\nwant\n%s", got, want)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageWithoutMarksIsAnError(t *testing.T) {
	for _, page := range []string{"", begin, end + begin, end} {
		if _, err := replace([]byte(page), nil); err == nil {
			t.Errorf("%q has marks", page)
		}
	}
	if err := run("-", "-", nil); err == nil {
		t.Error("no results are no error")
	}
}

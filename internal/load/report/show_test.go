package report

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/clierr"
)

// evening is a run of n seconds with everything in it.
func evening(n int) *Report {
	r := New("throng load rooms ws://127.0.0.1:8000 --connections 15000 --target-admin http://127.0.0.1:9090", "rooms", "ws://127.0.0.1:8000/connection/websocket")
	r.Started = time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC)
	r.Machine = Machine{"Intel Xeon @ 2.60GHz", 2, 8_000_000_000, "linux 6.12.5", "go1.26.8"}
	r.Tool, r.Duration, r.Asked, r.Opened = "throng v0.3.0", time.Duration(n)*time.Second, 15000, 15000
	for i := range 15000 {
		d := time.Duration(200+i%977) * time.Microsecond
		r.Phases.Record(TCP, d/3)
		r.Phases.Record(HTTP, d)
		r.Phases.Record(Connect, d+d/3)
		r.Phases.Record(Reply, d/2)
		r.Phases.Record(Join, d/2)
		r.Phases.Record(Ack, d)
		r.Phases.Record(Delivery, 2*d)
		r.Phases.Record(Close, d)
	}
	var h Histogram
	for s := range n {
		h.Reset()
		wave := 1 + .5*math.Sin(float64(s)/9)
		for i := range 100 {
			h.Record(time.Duration(wave * float64(i*i+100) * float64(3*time.Microsecond)))
		}
		if s%40 == 17 {
			h.Record(180 * time.Millisecond)
		}
		open := min(15000, 700*int64(s+1))
		if s >= 25 && s <= 28 {
			h.Reset()
		}
		r.Series.Add(NewSecond(s, open, 1000, 9_990+int64(s%7), &h))
		r.Series.AddTarget(s, Target{Resident: 40e6 + open*3200, Heap: 12e6 + open*1500 + int64(s%10)*2e6, Connections: open, CPU: .4 + .1*wave, LoopBusy: .2 * wave, Queue: 900, Backlog: 12_000})
	}
	r.Counters = Counters{Sent: int64(n) * 1000, Acknowledged: int64(n)*1000 - 3, Refused: 3, Delivered: int64(n) * 10_000, Checked: int64(n) * 11_000,
		BytesIn: int64(n) * 1_280_000, BytesOut: int64(n) * 128_000, Dials: 15003, FailedDials: 3, Rooms: 1500, Pings: 30000, Late: 12,
		Disconnects: map[int]int64{3012: 4, 1006: 1}, Errors: map[string]int64{"dial tcp: connection refused": 3, "error 111: too many requests": 3}}
	r.Server = &Server{CPU: time.Duration(n) * 500 * time.Millisecond, GCs: 12, GCMax: 400 * time.Microsecond, Parts: []Part{
		{Connect, "network", 15000, 3 * time.Second}, {Connect, "upgrade", 15000, time.Second},
		{Delivery, "encode", 60000, time.Second}, {Delivery, "transmit", 60000, 2 * time.Second}, {Close, "", 15000, 4 * time.Second},
	}}
	r.Talk = r.Duration - 2*time.Second
	m := time.Minute
	r.AddStage(Stage{Name: Before, Kernel: &Kernel{1e9, 4096}, Target: &Target{Resident: 14e6}})
	r.AddStage(Stage{Name: Open, End: m / 2, Open: 15000, Pings: 40, Kernel: &Kernel{1.12e9, 1e6}, Target: &Target{Resident: 25e6}, TargetCPU: 2 * time.Second})
	r.AddStage(Stage{Name: Keep, Begin: m / 2, End: m, Open: 15000, Pings: 15040, Pinged: 14999, Kernel: &Kernel{1.12e9, 4096}, Target: &Target{Resident: 22e6}, TargetCPU: time.Second / 2})
	r.Skip("order between subscribers", "the server gives no offsets")
	r.Note("the CPUs were emulated")
	return r
}

func broken() *Report {
	r := evening(60)
	for i := range 30 {
		r.Violations.Add(Violation{Lost, "room-7", uint64(100 + i), "c12", "c3#41 did not come; c3#42 did"})
	}
	r.Violations.Add(Violation{Kind: Invented, Room: "room-9", Client: "c2", Text: "c99#1 was never sent"})
	return r
}

func text(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func html(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden compares with testdata, or writes it with UPDATE=1.
func TestGolden(t *testing.T) {
	var compared bytes.Buffer
	other := evening(60)
	other.Counters.Delivered *= 2
	other.Counters.Errors = nil
	other.Phases.Record(Delivery, time.Minute)
	other.Asked = 16000
	if err := WriteComparison(&compared, Side{[]string{"old.json"}, []*Report{evening(60)}}, Side{[]string{"new.json"}, []*Report{other}}); err != nil {
		t.Fatal(err)
	}
	var several bytes.Buffer
	if err := WriteComparison(&several, sideOf(1, 1.1, 1.2), sideOf(1.15, 2, 1.5)); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"ok.txt": text(t, evening(60)), "broken.txt": text(t, broken()), "empty.txt": text(t, &Report{Command: "throng load idle ws://h", Err: "nobody answers"}),
		"compared.txt": compared.String(), "several.txt": several.String(), "broken.html": html(t, broken()),
	} {
		file := filepath.Join("testdata", name)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != got {
			t.Errorf("%s differs (UPDATE=1 writes it anew): %v\n%s", file, err, got)
		}
	}
}

// sideOf are runs whose latencies are that many times those of evening. Their CPU times do not overlap with those of
// others.
func sideOf(factors ...float64) (s Side) {
	for i, f := range factors {
		r := evening(60)
		for range 15000 {
			r.Phases.Record(Ack, time.Duration(f*float64(5*time.Millisecond)))
		}
		r.Server.CPU = time.Duration(f * float64(20*time.Second))
		if factors[0] != 1 {
			r.Server.CPU *= 3
		}
		r.Counters.Sent += int64(i * 1000)
		s.Names, s.Reports = append(s.Names, string(rune('a'+i))+".json"), append(s.Reports, r)
	}
	return s
}

// A comparison says better or worse only if the runs of both sides show it.
func TestVerdictNeedsSpread(t *testing.T) {
	for name, c := range map[string]struct {
		a, b  []float64
		grade grade
		want  string
	}{
		"one run":       {[]float64{1}, []float64{2}, lessIsBetter, ""},
		"two runs":      {[]float64{1, 1}, []float64{2, 2}, lessIsBetter, ""},
		"apart":         {[]float64{1, 1.1, 1.2}, []float64{1.3, 1.4, 1.5}, lessIsBetter, "worse"},
		"apart, more":   {[]float64{1, 1.1, 1.2}, []float64{1.3, 1.4, 1.5}, moreIsBetter, "better"},
		"overlap":       {[]float64{1, 1.1, 1.4}, []float64{1.3, 1.5, 1.6}, lessIsBetter, "within the spread"},
		"touch":         {[]float64{1, 1.1, 1.3}, []float64{1.3, 1.5, 1.6}, lessIsBetter, "within the spread"},
		"close":         {[]float64{1, 1.01, 1.02}, []float64{1.03, 1.04, 1.05}, lessIsBetter, ""},
		"input":         {[]float64{1, 1, 1}, []float64{2, 2, 2}, ungraded, ""},
		"none and some": {[]float64{0, 0, 0}, []float64{5, 5, 9}, lessIsBetter, "worse"},
		"some and none": {[]float64{5, 5, 9}, []float64{0, 0, 0}, lessIsBetter, "better"},
	} {
		if got := (comparison{a: c.a, b: c.b, grade: c.grade}).verdict(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

const hostile = "\x1b[31m</title><script>alert(1)</script>\"'><img src=x onerror=y>\n"

// Texts from a server or a file are escaped on the page and safe in a terminal.
func TestTextsAreEscaped(t *testing.T) {
	r := evening(3)
	r.Command, r.Scenario, r.Target, r.Tool, r.Err = hostile, hostile, hostile, hostile, hostile
	r.Machine = Machine{CPU: hostile, Kernel: hostile, Go: hostile}
	r.Counters.Error(hostile)
	r.Violations.Add(Violation{Kind(hostile), hostile, 1, hostile, hostile})
	r.Skip(hostile, hostile)
	r.Note(hostile)
	r.Server.Parts[0].Name = hostile
	if page := html(t, r); strings.Contains(page, "<script") || strings.Contains(page, "<img") || strings.Contains(page, "http://") && strings.Contains(page, "src=\"") {
		t.Error("the page has what was not meant for it")
	}
	if out := text(t, r); strings.ContainsAny(out, "\x1b\a") {
		t.Error("the text has control characters")
	}
	var b bytes.Buffer
	if err := WriteComparison(&b, Side{[]string{hostile}, []*Report{r}}, Side{[]string{hostile}, []*Report{evening(3)}}); err != nil || strings.ContainsAny(b.String(), "\x1b\a") {
		t.Error("the comparison has control characters", err)
	}
}

// The report of a run that failed at once can be shown, saved, read and compared.
func TestEmptyReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.json")
	r := New("throng load idle ws://127.0.0.1:1", "idle", "ws://127.0.0.1:1")
	r.Fail(errors.New("connection refused"))
	if err := errors.Join(r.SaveJSON(file), r.SaveHTML(file+".html")); err != nil {
		t.Fatal(err)
	}
	back, err := ReadFile(file)
	if err != nil || back.OK() || back.Err != r.Err {
		t.Fatal(back, err)
	}
	if err := WriteComparison(&bytes.Buffer{}, Side{[]string{"a"}, []*Report{r}}, Side{[]string{"b"}, []*Report{evening(2)}}); err != nil {
		t.Error(err)
	}
	if !strings.Contains(text(t, back), "FAILED: connection refused") {
		t.Error(text(t, back))
	}
}

// Files that are not reports give an error and a hint.
func TestFilesThatAreNotReports(t *testing.T) {
	dir := t.TempDir()
	good := new(bytes.Buffer)
	_ = evening(5).WriteJSON(good)
	for name, c := range map[string]struct{ content, want string }{
		"empty":   {"", "it is empty"},
		"html":    {"<html>", "not JSON"},
		"other":   {`{"a":1}`, "other JSON"},
		"list":    {`[1,2]`, "not JSON of a report"},
		"newer":   {`{"format":"throng load report","version":9}`, "version 9"},
		"cut":     {good.String()[:good.Len()/2], "ends in the middle"},
		"seconds": {strings.Replace(good.String(), `"at": 4`, `"at": -4`, 1), "not in order"},
		"far":     {strings.Replace(good.String(), `"at": 4`, `"at": 99999999999`, 1), "not in order"},
		"hdr":     {strings.Replace(good.String(), `"hdr": "HIST`, `"hdr": "XIST`, 1), ""},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadFile(file)
		wantHint(t, name, err, c.want)
	}
	_, err := ReadFile(filepath.Join(dir, "absent"))
	wantHint(t, "absent", err, "no such file")
	_, err = ReadFile(dir)
	wantHint(t, "directory", err, "is a directory")
	wantHint(t, "nowhere", evening(1).SaveJSON(filepath.Join(dir, "absent", "x.json")), "no such file")
}

func wantHint(t *testing.T, name string, err error, want string) {
	t.Helper()
	var e *clierr.Error
	if !errors.As(err, &e) || e.Hint == "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v, want %q", name, err, want)
	}
}

func TestUnits(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(999): "999", count(-1234567): "-1,234,567",
		latency(0): "0 ns", latency(1500 * time.Nanosecond): "1.50 µs", latency(312 * time.Microsecond): "312 µs",
		latency(61 * time.Second): "61 s", span(90 * time.Second): "1m30s",
		size(0): "0 B", size(999): "999 B", size(38_400_000): "38.4 MB", size(1_234_000_000): "1.23 GB",
		short(15_000): "15 k", short(1_500_000): "1.50 M",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Memory that did not grow is not shown as a measurement of 0.
func TestMemoryThatDidNotGrow(t *testing.T) {
	r := evening(60)
	r.stage(Before).Target.Resident = 30e6
	if out := text(t, r); !strings.Contains(out, "no more of the target's memory than it had, 133 µs of its CPU") {
		t.Error(out)
	}
}

// The name of the output file makes no difference in a comparison.
func TestComparisonIgnoresOutputFiles(t *testing.T) {
	if a, b := asked("throng load idle ws://h --json a.json -n 5"), asked("throng load idle ws://h -n 5 --html=b.html"); a != b {
		t.Error(a, b)
	}
}

// The plot of a day has no more points than fit, and its peak is one of them.
func TestLongRunsArePlotted(t *testing.T) {
	values := make([]float64, 86400)
	values[70001] = 5
	a := newAxis(0, 5, false, three)
	path, most := a.path(values, len(values))
	if n := strings.Count(path, "L"); n > maxPoints || most != 5 {
		t.Errorf("%d points, greatest %v", n, most)
	}
}

// FuzzParse: whatever is in a file, reading and showing it neither panics nor hangs.
func FuzzParse(f *testing.F) {
	var seed bytes.Buffer
	_ = evening(3).WriteJSON(&seed)
	f.Add(seed.Bytes())
	f.Add([]byte(`{"format":"throng load report","version":1,"duration_ns":1,"series":[{"at":0,"target":{"cpu_cores":5e-324,"loop_busy":1e308,"connections":-1}}]}`))
	f.Add([]byte(`{"format":"throng load report","version":1,"server":{"parts":[{"of":"close","count":-1}]},"violations":{"count":-9,"by_kind":{"":1}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parse(b)
		if err != nil {
			return
		}
		if err := errors.Join(r.WriteText(io.Discard), r.WriteHTML(io.Discard), WriteComparison(io.Discard, Side{[]string{"a"}, []*Report{r}}, Side{[]string{"b"}, []*Report{r}}), Merge(r, r).WriteJSON(io.Discard)); err != nil {
			t.Error(err)
		}
	})
}

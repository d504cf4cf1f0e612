package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sample is a report of one process with n measurements.
func sample(n int, started time.Time) *Report {
	r := New("throng load rooms ws://127.0.0.1:8000", "rooms", "ws://user:secret@127.0.0.1:8000/connection/websocket")
	r.Started, r.Duration = started, 3*time.Second
	r.Asked, r.Opened, r.Talk = int64(n), int64(n), time.Duration(n)*time.Millisecond
	for i := range n {
		r.Phases.Record(TCP, time.Duration(i)*time.Microsecond)
		r.Phases.Record(Delivery, time.Duration(i)*17*time.Microsecond)
		r.Violations.Add(Violation{Kind: Lost, Room: "lobby", Client: "c1", Offset: uint64(i), Text: "gap"})
	}
	r.Counters.Sent, r.Counters.Delivered = int64(n), int64(2*n)
	r.Counters.Disconnect(3001)
	r.Counters.Error("connection refused")
	r.Series.Add(NewSecond(0, int64(n), 1, 2, r.Phases.Get(Delivery)))
	r.AddStage(Stage{Name: Keep, Begin: time.Second, End: 2 * time.Second, Open: int64(n), Pings: 3, Pinged: 2, Kernel: &Kernel{Slab: int64(n)}})
	r.Skip("history", "the server has none")
	r.Note("emulated")
	return r
}

// Merging reports from files gives the same histograms and counters as recording into one report.
func TestMergeIsExact(t *testing.T) {
	start := time.Now()
	a, b := sample(1000, start), sample(5000, start.Add(1200*time.Millisecond))
	m := Merge(reread(t, a), reread(t, b))

	var want Histogram
	for _, n := range []int{1000, 5000} {
		for i := range n {
			want.Record(time.Duration(i) * 17 * time.Microsecond)
		}
	}
	got := m.Phases.Get(Delivery)
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 1} {
		if got.Quantile(q) != want.Quantile(q) {
			t.Errorf("quantile %v: %v, want %v", q, got.Quantile(q), want.Quantile(q))
		}
	}
	if got.Count() != 6000 || got.Mean() != want.Mean() || got.Max() != want.Max() || got.Min() != want.Min() {
		t.Errorf("count %d, mean %v, max %v; want %d, %v, %v", got.Count(), got.Mean(), got.Max(), want.Count(), want.Mean(), want.Max())
	}
	if m.Violations.Count != 6000 || len(m.Violations.First) != MaxViolations || m.Violations.ByKind[Lost] != 6000 {
		t.Errorf("violations: %d, %d kept", m.Violations.Count, len(m.Violations.First))
	}
	if m.Duration != 4200*time.Millisecond || m.Talk != 5*time.Second || m.Processes != 2 || m.Opened != 6000 {
		t.Errorf("duration %v, %d processes, %d opened", m.Duration, m.Processes, m.Opened)
	}
	if c := m.Counters; c.Sent != 6000 || c.Delivered != 12000 || c.Disconnects[3001] != 2 || c.Errors["connection refused"] != 2 {
		t.Errorf("counters: %+v", c)
	}
	if s := m.Stages; len(s) != 1 || s[0].Begin != time.Second || s[0].End != 3200*time.Millisecond || s[0].Open != 6000 || s[0].Pings != 6 || s[0].Pinged != 4 || s[0].Kernel.Slab != 5000 {
		t.Errorf("stages: %+v", s)
	}
	if len(m.Unchecked) != 1 || len(m.Notes) != 1 {
		t.Errorf("said twice: %v %v", m.Unchecked, m.Notes)
	}
	if len(m.Series) != 2 || m.Series[0].Connections != 1000 || m.Series[1].Connections != 5000 {
		t.Errorf("the second process began a second later: %+v", m.Series)
	}
}

// reread is what a report is after a file.
func reread(t *testing.T, r *Report) *Report {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "secret") {
		t.Error("the password is in the file")
	}
	back := new(Report)
	if err := json.Unmarshal(b, back); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(back)
	if string(again) != string(b) {
		t.Errorf("changed by reading:\n%s\n%s", b, again)
	}
	return back
}

// The same second of two processes becomes one second.
func TestSeriesMerge(t *testing.T) {
	var slow, fast Histogram
	for range 99 {
		fast.Record(time.Millisecond)
	}
	slow.Record(time.Second)
	var s Series
	s.Add(NewSecond(5, 10, 1, 99, &fast))
	s.Add(NewSecond(4, 9, 0, 0, &Histogram{}))
	s.AddTarget(5, Target{Resident: 7})
	s.Add(NewSecond(5, 20, 2, 1, &slow))
	if len(s) != 2 || s[0].At != 4 || s[0].Latency != "" {
		t.Fatalf("%+v", s)
	}
	got := s[1]
	if got.Connections != 30 || got.Sent != 3 || got.Delivered != 100 || got.Target.Resident != 7 {
		t.Errorf("%+v", got)
	}
	if got.P50 > 1100*time.Microsecond || got.P99 > 1100*time.Microsecond || got.Max < time.Second {
		t.Errorf("p50 %v, p99 %v, max %v", got.P50, got.P99, got.Max)
	}
}

func TestHistogramBounds(t *testing.T) {
	var h Histogram
	h.Record(-time.Second)
	h.Record(48 * time.Hour)
	if h.Count() != 2 || h.Min() != 0 || h.Max() < time.Hour || h.Max() > time.Hour+time.Minute {
		t.Errorf("count %d, min %v, max %v", h.Count(), h.Min(), h.Max())
	}
	h.Reset()
	if h.Count() != 0 || h.Quantile(0.5) != 0 || h.Mean() != 0 {
		t.Error("not empty")
	}
}

// Damaged histograms in files are errors, and nothing panics.
func TestDamagedHistograms(t *testing.T) {
	good := new(Histogram)
	good.Record(time.Second)
	other, _ := pack(good, coarse)
	for name, text := range map[string]string{
		"garbage":      "garbage",
		"base64":       "AAAAAAAAAAAA",
		"other bounds": other,
		"cut":          other[:len(other)/2],
		"long":         strings.Repeat("A", maxPacked+1),
	} {
		b, _ := json.Marshal(histogramJSON{HDR: text})
		if err := new(Histogram).UnmarshalJSON(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := new(Phases).UnmarshalJSON([]byte(`{"nonsense":{}}`)); err == nil {
		t.Error("an unknown phase was taken")
	}
}

func TestOK(t *testing.T) {
	r := New("", "", "")
	if !r.OK() {
		t.Error("a new report is not OK")
	}
	r.Interrupted = true
	if !r.OK() {
		t.Error("Ctrl-C is no fault of the target")
	}
	v := r
	v.Violations.Add(Violation{Kind: Repeated})
	if v.OK() {
		t.Error("OK with a violation")
	}
	e := New("", "", "")
	e.Fail(errString("first"))
	e.Fail(errString("second"))
	if e.OK() || e.Err != "first" {
		t.Errorf("%q", e.Err)
	}
}

type errString string

func (e errString) Error() string { return string(e) }

// A server whose error texts are always different does not fill the memory.
func TestErrorsAreBounded(t *testing.T) {
	var c Counters
	for i := range 1000 {
		c.Error(strings.Repeat("x", i))
	}
	if len(c.Errors) > maxErrors+1 || c.Errors[otherErrors] != 1000-maxErrors {
		t.Errorf("%d texts, %d others", len(c.Errors), c.Errors[otherErrors])
	}
}

func TestEveryPhaseIsNamed(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range AllPhases() {
		if p.Meaning() == "" || p.Title() == "" || seen[p.Title()] {
			t.Errorf("%s: %q, %q", p, p.Title(), p.Meaning())
		}
		seen[p.Title()] = true
	}
	if !reflect.DeepEqual([]Phase{TCP.PartOf(), Delivery.PartOf()}, []Phase{Connect, ""}) {
		t.Error("parts")
	}
}

package target

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

// admin answers its n-th request with page(n), n from 1.
func admin(t *testing.T, page func(n int) string) *httptest.Server {
	t.Helper()
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, page(int(asked.Add(1))))
	}))
	t.Cleanup(srv.Close)
	return srv
}

func metrics(n int) string {
	return fmt.Sprintf(`# TYPE throng_connections gauge
throng_connections %[1]d000
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes %[1]de+06
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total %[1]d
# TYPE throng_queue_bytes gauge
throng_queue_bytes 77
# TYPE throng_loop_busy_seconds_total counter
throng_loop_busy_seconds_total{loop="0"} 0
throng_loop_busy_seconds_total{loop="1"} %[1]d
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{quantile="0"} 0
go_gc_duration_seconds{quantile="1"} 0.002
go_gc_duration_seconds_sum 1
go_gc_duration_seconds_count %[1]d
# TYPE throng_send_duration_seconds histogram
throng_send_duration_seconds_bucket{part="encode",le="+Inf"} %[1]d00
throng_send_duration_seconds_sum{part="encode"} %[1]d
throng_send_duration_seconds_count{part="encode"} %[1]d00
throng_send_duration_seconds_bucket{part="transmit",le="+Inf"} 0
throng_send_duration_seconds_sum{part="transmit"} 0
throng_send_duration_seconds_count{part="transmit"} 0
`, n)
}

func TestScrape(t *testing.T) {
	s, err := New(admin(t, metrics).URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Scrape(t.Context()); err != nil || s.Server() != nil {
		t.Fatal(err, s.Server())
	}
	s.last.at = s.last.at.Add(-time.Second) // as if it were a second ago
	got, err := s.Scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Connections != 2000 || got.Resident != 2_000_000 || got.Queue != 77 {
		t.Errorf("%+v", got)
	}
	if got.CPU < .5 || got.CPU > 1 || got.LoopBusy < .5 || got.LoopBusy > 1 {
		t.Errorf("cpu %v, loop %v in a second or a little more", got.CPU, got.LoopBusy)
	}
	srv := s.Server()
	if srv == nil || srv.CPU != time.Second || srv.GCs != 1 || srv.GCMax != 2*time.Millisecond {
		t.Fatalf("%+v", srv)
	}
	want := report.Part{Of: report.Delivery, Name: "encode", Count: 100, Sum: time.Second}
	if len(srv.Parts) != 1 || srv.Parts[0] != want || want.Mean() != 10*time.Millisecond {
		t.Errorf("%+v", srv.Parts)
	}
}

// Counters that begin again at 0 give no negative rates.
func TestRestartedTarget(t *testing.T) {
	s, _ := New(admin(t, func(n int) string { return metrics(9 - n) }).URL)
	for range 2 {
		got, err := s.Scrape(t.Context())
		if err != nil || got.CPU != 0 || got.LoopBusy != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestWrongAdmin(t *testing.T) {
	for name, page := range map[string]string{"html": "<!doctype html><p>hello", "cut": "# TYPE a gauge\na"} {
		s, err := New(admin(t, func(int) string { return page }).URL)
		if err == nil {
			_, err = s.Scrape(t.Context())
		}
		wantHint(t, name, err)
	}
	for _, address := range []string{"", "ws://localhost", "http://", "http://[", "127.0.0.1:1", "http://127.0.0.1:1/other"} {
		s, err := New(address)
		if err == nil {
			_, err = s.Scrape(t.Context())
		}
		wantHint(t, address, err)
	}
}

func wantHint(t *testing.T, name string, err error) {
	t.Helper()
	var e *clierr.Error
	if !errors.As(err, &e) || e.Hint == "" || strings.Contains(e.Error(), "\n") {
		t.Errorf("%s: %v", name, err)
	}
}

// The scrapes go on during the run and stop with End.
func TestWatchScrapesUntilEnd(t *testing.T) {
	if w, err := Begin(t.Context(), ""); w != nil || err != nil {
		t.Fatal(w, err)
	}
	(*Watch)(nil).End(nil)

	asked := make(chan int, 100)
	srv := admin(t, func(n int) string {
		asked <- n
		return metrics(n)
	})
	w, err := Begin(t.Context(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	for n := range asked {
		if n == 3 {
			break
		}
	}
	r := report.New("", "", "")
	w.End(r)
	if n := len(w.seconds); n < 3 || r.Server == nil || len(r.Unchecked) != 0 {
		t.Errorf("%d scrapes, %+v, %v", n, r.Server, r.Unchecked)
	}
}

// Each second and each stage of the report get the scrape next to their end, and a scrape that
// failed is named. The test says when each scrape takes place, so that a busy machine changes nothing.
func TestWatchFillsReport(t *testing.T) {
	s, err := New(admin(t, func(n int) string {
		if n == 2 {
			return "not metrics"
		}
		return metrics(n)
	}).URL)
	if err != nil {
		t.Fatal(err)
	}
	r := report.New("", "", "")
	r.Duration = 2100 * time.Millisecond
	r.AddStage(report.Stage{Name: report.Before})
	r.AddStage(report.Stage{Name: report.Open, End: r.Duration})
	r.AddStage(report.Stage{Name: report.Keep, Begin: r.Duration, End: r.Duration + 2*far})

	var at time.Duration
	w := &Watch{scraper: s, began: r.Started, now: func() time.Time { return r.Started.Add(at) }}
	for _, at = range []time.Duration{0, time.Second, 2 * time.Second, r.Duration} {
		w.scrape(t.Context())
	}
	w.write(r)
	if k := r.Stages[2]; k.Target != nil || k.TargetCPU != 0 {
		t.Errorf("no scrape is near the end of the last stage: %+v", k)
	}
	if b, o := r.Stages[0], r.Stages[1]; b.Target.Resident != 1_000_000 || b.TargetCPU != 0 || o.Target.Resident != 4_000_000 || o.TargetCPU != 3*time.Second {
		t.Errorf("%+v, %+v", b, o)
	}
	if len(r.Series) != 2 || r.Series[0].Target.Resident != 1_000_000 || r.Series[1].Target.Resident != 4_000_000 {
		t.Errorf("the end of the first second is missing, that of the second is the last scrape: %+v", r.Series)
	}
	if r.Server == nil || len(r.Unchecked) != 1 {
		t.Errorf("%+v, %v", r.Server, r.Unchecked)
	}
}

func TestWatchWrongAddress(t *testing.T) {
	_, err := Begin(t.Context(), "http://127.0.0.1:1")
	wantHint(t, "refused", err)
}

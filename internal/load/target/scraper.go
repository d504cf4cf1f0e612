package target

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

const (
	patience = 10 * time.Second // for an answer
	largest  = 16 << 20         // bytes of an answer
)

const hint = "the admin listener of throng is on 127.0.0.1:9090 unless --admin says otherwise: --target-admin http://127.0.0.1:9090"

// Scraper asks one server. One goroutine may use it.
type Scraper struct {
	url    string
	client http.Client

	first, last sample
	seen        int
}

// sample is one scrape.
type sample struct {
	at  time.Time
	all families
}

// New takes the address of the admin listener: http://HOST:PORT, with or without /metrics.
func New(address string) (*Scraper, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, clierr.Usagef(hint, "--target-admin %q is not an address", address)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/metrics"
	}
	return &Scraper{url: u.String(), client: http.Client{Timeout: patience}}, nil
}

// Scrape asks the server for its numbers. CPU and LoopBusy are those since the scrape before, 0
// in the first one.
func (s *Scraper) Scrape(ctx context.Context) (report.Target, error) {
	all, err := s.fetch(ctx)
	if err != nil {
		return report.Target{}, clierr.Errorf(hint, "the target's metrics: %w", err)
	}
	before := s.last
	s.last = sample{time.Now(), all}
	if s.seen++; s.seen == 1 {
		s.first, before = s.last, s.last
	}
	return s.last.since(before), nil
}

func (s *Scraper) fetch(ctx context.Context) (families, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", s.url, res.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(io.LimitReader(res.Body, largest))
	if err != nil {
		return nil, fmt.Errorf("%s does not answer in the Prometheus format: %w", s.url, err)
	}
	return all, nil
}

// Server returns the differences between the first and the last scrape, nil with fewer than two.
func (s *Scraper) Server() *report.Server {
	if s.seen < 2 {
		return nil
	}
	a, b := s.first.all, s.last.all
	return &report.Server{
		Parts: parts(a, b),
		CPU:   seconds(b.sum("process_cpu_seconds_total") - a.sum("process_cpu_seconds_total")),
		GCs:   int64(b.summaryCount("go_gc_duration_seconds") - a.summaryCount("go_gc_duration_seconds")),
		GCMax: seconds(b.quantile("go_gc_duration_seconds", 1)),
	}
}

// cpu is the processor time of the target until the last scrape.
func (s *Scraper) cpu() time.Duration { return seconds(s.last.all.sum("process_cpu_seconds_total")) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// families are the metrics of an answer by name.
type families map[string]*dto.MetricFamily

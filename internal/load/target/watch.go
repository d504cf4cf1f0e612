package target

import (
	"context"
	"time"

	"github.com/throngd/throng/internal/load/report"
)

// Watch scrapes a target once a second, from Begin to End, or less often if a reply takes longer.
type Watch struct {
	scraper *Scraper
	now     func() time.Time // time.Now, but in tests
	stop    context.CancelFunc
	ended   chan struct{}
	began   time.Time

	seconds []second
	err     error // of the last scrape that failed
	failed  int
}

// second is one scrape.
type second struct {
	at  time.Duration // since the beginning of the watch
	cpu time.Duration // of the process so far
	report.Target
}

const (
	share = 0.02             // the largest share of the time that is spent in scrapes
	far   = 30 * time.Second // but at least one scrape in this time: an older one does not describe the moment
)

// Begin scrapes once, so that a wrong address is an error before the run, and continues in the background
// until End is called. It returns nil without an address.
func Begin(ctx context.Context, address string) (*Watch, error) {
	if address == "" {
		return nil, nil
	}
	s, err := New(address)
	if err != nil {
		return nil, err
	}
	t, err := s.Scrape(ctx)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // Ctrl-C ends the run, which calls End
	w := &Watch{scraper: s, now: time.Now, stop: stop, ended: make(chan struct{}), began: time.Now(), seconds: []second{{0, s.cpu(), t}}}
	go w.run(ctx)
	return w, nil
}

func (w *Watch) run(ctx context.Context) {
	defer close(w.ended)
	pause := time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		began := time.Now()
		w.scrape(ctx)
		took := time.Since(began)
		pause = min(max(time.Second-took, time.Duration(float64(took)/share)), far)
	}
}

func (w *Watch) scrape(ctx context.Context) {
	t, err := w.scraper.Scrape(ctx)
	switch {
	case err == nil:
		w.seconds = append(w.seconds, second{w.now().Sub(w.began), w.scraper.cpu(), t})
	case ctx.Err() == nil:
		w.err = err
		w.failed++
	}
}

// End scrapes for the last time and adds all scrapes to the report. The Watch and the report may be nil.
func (w *Watch) End(r *report.Report) {
	if w == nil {
		return
	}
	w.stop()
	<-w.ended
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w.scrape(ctx)
	if r != nil {
		w.write(r)
	}
}

// write gives each second of the run the last scrape around its end.
func (w *Watch) write(r *report.Report) {
	ends, started := map[int]report.Target{}, r.Started.Sub(w.began)
	for _, s := range w.seconds {
		t := s.at - started
		ends[max(0, int(t.Round(time.Second)/time.Second)-1)] = s.Target
	}
	for at, t := range ends {
		r.Series.AddTarget(at, t)
	}
	for i := range r.Stages {
		w.fillStage(started, &r.Stages[i])
	}
	r.Server = w.scraper.Server()
	if w.err != nil {
		r.Skip("the target's metrics of some seconds", w.err.Error())
	}
}

// fillStage writes the target's values at the end of a stage, from the nearest scrape, and its CPU time since
// the beginning.
func (w *Watch) fillStage(started time.Duration, s *report.Stage) {
	begin, end := w.near(started+s.Begin), w.near(started+s.End)
	if begin != nil && end != nil {
		s.Target, s.TargetCPU = &end.Target, max(0, end.cpu-begin.cpu)
	}
}

// near returns the scrape next to a moment, nil if there was none for a long time.
func (w *Watch) near(t time.Duration) *second {
	best := &w.seconds[0]
	for i := range w.seconds {
		if s := &w.seconds[i]; (s.at - t).Abs() < (best.at - t).Abs() {
			best = s
		}
	}
	if (best.at - t).Abs() > far {
		return nil
	}
	return best
}

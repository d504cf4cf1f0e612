package target

import (
	"context"
	"time"

	"github.com/throngd/throng/internal/load/report"
)

// Watch scrapes a target once a second, from Begin to End.
type Watch struct {
	scraper *Scraper
	stop    context.CancelFunc
	ended   chan struct{}

	seconds []second
	err     error // of the last scrape that failed
	failed  int
}

// second is one scrape.
type second struct {
	at time.Time
	report.Target
}

// Begin scrapes once, so that a wrong address is told before the run, and goes on in the
// background until End is called. Without an address there is nothing to watch: it returns nil.
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
	w := &Watch{scraper: s, stop: stop, ended: make(chan struct{}), seconds: []second{{time.Now(), t}}}
	go w.run(ctx)
	return w, nil
}

func (w *Watch) run(ctx context.Context) {
	defer close(w.ended)
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		w.scrape(ctx)
	}
}

func (w *Watch) scrape(ctx context.Context) {
	t, err := w.scraper.Scrape(ctx)
	switch {
	case err == nil:
		w.seconds = append(w.seconds, second{time.Now(), t})
	case ctx.Err() == nil:
		w.err = err
		w.failed++
	}
}

// End scrapes for the last time and writes what there is into the report. A nil Watch or report
// is no mistake.
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
	ends := map[int]report.Target{}
	for _, s := range w.seconds {
		t := s.at.Sub(r.Started)
		ends[max(0, int(t.Round(time.Second)/time.Second)-1)] = s.Target
	}
	for at, t := range ends {
		r.Series.AddTarget(at, t)
	}
	r.Server = w.scraper.Server()
	if w.err != nil {
		r.Skip("the target's metrics of some seconds", w.err.Error())
	}
}

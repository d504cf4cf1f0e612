package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

// Worker is one of several processes: it does the job that stands on in and reports to out. ctx
// ends with the process.
func Worker(ctx context.Context, in io.Reader, out io.Writer) error {
	d := json.NewDecoder(in)
	var j job
	if err := d.Decode(&j); err != nil {
		return fmt.Errorf("the job cannot be read: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &first{out: json.NewEncoder(out), orders: make(chan order, 1)}
	go func() {
		defer cancel() // the first process is gone, or wants us to end
		for {
			var o order
			if d.Decode(&o) != nil || o.Stop {
				return
			}
			f.orders <- o
		}
	}()
	res := f.carryOut(ctx, j)
	return f.say(word{Result: &res})
}

// first is the first process as another one sees it.
type first struct {
	mu     sync.Mutex
	out    *json.Encoder
	orders chan order
	last   word
	said   time.Time
}

func (f *first) carryOut(ctx context.Context, j job) result {
	o, err := j.Options.withDefaults()
	if err != nil {
		return failed(nil, err)
	}
	o.Progress = f
	d, err := lookUp(ctx, o)
	if err != nil {
		return failed(nil, err)
	}
	mine := part(plan(o.Connections, o.Rooms), j.Index, j.Count)
	r := newRun(o, j.Run, d, mine, f)
	rep, err := r.all(ctx)
	res := failed(rep, err)
	res.Evidence = r.evidence
	return res
}

func failed(rep *report.Report, err error) result {
	res := result{Report: rep}
	if err != nil {
		res.Error = err.Error()
		var e *clierr.Error
		if errors.As(err, &e) {
			res.Hint = e.Hint
		}
	}
	return res
}

func (f *first) say(w word) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out.Encode(w)
}

// Stage, Set and End make it the Progress of the run.
func (f *first) Stage(name string, total int64) {
	f.last = word{Stage: name, Total: total}
	f.said = time.Time{}
	_ = f.say(f.last)
}

// Set says no more than five times a second.
func (f *first) Set(done int64, text string) {
	f.last.Done, f.last.Text = done, text
	if time.Since(f.said) > 200*time.Millisecond {
		f.said = time.Now()
		_ = f.say(f.last)
	}
}

// End says nothing: the result does.
func (f *first) End() {}

// meet waits for the others.
func (f *first) meet(stage string, values []int64, stopped <-chan struct{}) ([]int64, error) {
	if err := f.say(word{Meet: stage, Values: values}); err != nil {
		return values, err
	}
	select {
	case o := <-f.orders:
		return append(o.Go, make([]int64, max(0, len(values)-len(o.Go)))...), nil
	case <-stopped:
		return values, nil
	}
}

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

// Worker is the main function of a worker process: it reads its job from in and reports to out. ctx
// ends with the process.
func Worker(ctx context.Context, in io.Reader, out io.Writer) error {
	d := json.NewDecoder(in)
	var j job
	if err := d.Decode(&j); err != nil {
		return fmt.Errorf("the job cannot be read: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &remoteCoordinator{out: json.NewEncoder(out), orders: make(chan order, 1)}
	go func() {
		defer cancel() // the coordinator has ended, or ordered to stop
		for {
			var o order
			if d.Decode(&o) != nil || o.Stop {
				return
			}
			c.orders <- o
		}
	}()
	res := c.runJob(ctx, j)
	return c.send(update{Result: &res})
}

// remoteCoordinator is the coordinator as a worker process sees it. It is the Progress and the peers
// of the run.
type remoteCoordinator struct {
	mu     sync.Mutex
	out    *json.Encoder
	orders chan order
	last   update
	sent   time.Time
}

func (c *remoteCoordinator) runJob(ctx context.Context, j job) result {
	o, err := j.Options.withDefaults()
	if err != nil {
		return resultOf(nil, err)
	}
	o.Progress = c
	d, err := lookUp(ctx, o)
	if err != nil {
		return resultOf(nil, err)
	}
	mine := part(plan(o.Connections, o.Rooms), j.Index, j.Count)
	r := newRun(o, j.Run, d, mine, c)
	rep, err := r.runAll(ctx)
	res := resultOf(rep, err)
	res.Evidence = r.evidence
	return res
}

func resultOf(rep *report.Report, err error) result {
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

func (c *remoteCoordinator) send(u update) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Encode(u)
}

// Stage implements Progress.
func (c *remoteCoordinator) Stage(name string, total int64) {
	c.last = update{Stage: name, Total: total}
	c.sent = time.Time{}
	_ = c.send(c.last)
}

// Set implements Progress. It sends at most five updates a second.
func (c *remoteCoordinator) Set(done int64, text string) {
	c.last.Done, c.last.Text = done, text
	if time.Since(c.sent) > 200*time.Millisecond {
		c.sent = time.Now()
		_ = c.send(c.last)
	}
}

// End implements Progress. The result tells the coordinator that the run has ended.
func (c *remoteCoordinator) End() {}

func (c *remoteCoordinator) barrier(stage string, values []int64, stopped <-chan struct{}) ([]int64, error) {
	if err := c.send(update{Barrier: stage, Values: values}); err != nil {
		return values, err
	}
	select {
	case o := <-c.orders:
		return append(o.Go, make([]int64, max(0, len(values)-len(o.Go)))...), nil
	case <-stopped:
		return values, nil
	}
}

package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/throngd/throng/internal/spool"
)

// output is what the view writes to: queues, so that a terminal or a pipe that nobody reads holds up neither what is
// sent nor the end of the chat.
type output struct {
	out, notes *spool.Writer
	patient    bool // at the end the reader is waited for until a signal comes

	mu  sync.Mutex
	err error // of out, the first
}

const (
	maxOutput = 8 << 20         // bytes that wait to be read; more are dropped, and told
	flushTime = 2 * time.Second // that the end of a chat waits for them at most
)

// newOutput begins to write; failed is told of the first error of out, on a goroutine of its own.
func newOutput(out, notes io.Writer, patient bool, failed func(error)) *output {
	o := &output{patient: patient}
	options := spool.Options{Limit: maxOutput, Gap: missing}
	options.Failed = func(err error) {
		if o.note(err) {
			failed(err)
		}
	}
	o.out = spool.New(out, options)
	if o.notes = o.out; !sameFile(out, notes) {
		options.Failed = nil // nobody reads the notices: that is no reason to stop
		o.notes = spool.New(notes, options)
	}
	return o
}

func missing(n int64) []byte {
	return fmt.Appendf(nil, "* %s not shown: too much waited to be read\n", plural(int(n), "line is", "lines are"))
}

func (o *output) note(err error) (first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first = o.err == nil
	if first {
		o.err = err
	}
	return first
}

// close writes what is queued. ctx ends with a signal.
func (o *output) close(ctx context.Context) {
	until, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !o.patient {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		stop()
	}
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(flushTime):
			cancel()
		case <-until.Done():
		}
	})
	defer stop()
	o.out.Close(until)
	o.notes.Close(until)
}

// failure is why not everything was written; a reader that has gone away is none.
func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if errors.Is(o.err, syscall.EPIPE) {
		return nil
	}
	return o.err
}

// sameFile reports whether both are one file, as on a terminal.
func sameFile(a, b io.Writer) bool {
	f, ok := a.(*os.File)
	g, also := b.(*os.File)
	if !ok || !also {
		return a == b
	}
	one, err := f.Stat()
	other, err2 := g.Stat()
	return err == nil && err2 == nil && os.SameFile(one, other)
}

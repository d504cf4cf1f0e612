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

// output is the target of the view. It queues, so that a terminal or a pipe without a reader delays neither the messages
// to be sent nor the end of the chat.
type output struct {
	out, notes *spool.Writer
	patient    bool // close waits for the reader until a signal arrives

	mu  sync.Mutex
	err error // the first of out
}

const (
	maxOutput = 8 << 20         // bytes that wait to be read; the rest is dropped, with a notice
	flushTime = 2 * time.Second // the longest wait for a reader at the end of a chat
)

// newOutput starts writing. It calls failed with the first error of out, on another goroutine.
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
		options.Failed = nil // an error of the notices does not end the chat
		o.notes = spool.New(notes, options)
	}
	return o
}

func missing(n int64) []byte {
	return fmt.Appendf(nil, "* %s not shown: too much output was waiting to be read\n", plural(int(n), "line is", "lines are"))
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

// close writes the rest of the queues. ctx ends with a signal.
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

// failure is the error of out, unless its reader has gone.
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

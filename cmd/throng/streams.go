package main

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/throngd/throng/internal/spool"
)

// streams are the outputs of a command. Short commands write to the descriptors: a slow reader delays them, and one that goes
// away ends them (SIGPIPE), as with every filter. Long-running commands call detach first.
type streams struct {
	out, err io.Writer

	outQueue, errQueue *spool.Writer // once detached
	failure            writeError
}

// flushTime bounds how long a detached command waits for its readers at its end.
const flushTime = 2 * time.Second

// detach makes writes to both streams return at once: each gets a queue. If both are the same file they share one queue, so
// that their lines keep their order. A reader that goes away no longer ends the process.
func (s *streams) detach(o spool.Options) {
	spool.IgnoreBrokenPipe()
	out := o
	out.Failed = s.failure.note
	s.outQueue = spool.New(s.out, out)
	s.errQueue = s.outQueue
	if !sameFile(s.out, s.err) {
		s.errQueue = spool.New(s.err, o)
	}
	s.out, s.err = s.outQueue, s.errQueue
}

// flush waits for the readers of a detached command, at most flushTime.
func (s *streams) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	for _, q := range []*spool.Writer{s.outQueue, s.errQueue} {
		if q != nil {
			q.Close(ctx)
		}
	}
}

// print writes the result of a detached command, which may be long, and waits for its reader until ctx ends, and then at most
// flushTime. A reader that has gone is not an error.
func (s *streams) print(ctx context.Context, text []byte) error {
	until, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(flushTime):
			cancel()
		case <-until.Done():
		}
	})
	defer stop()
	s.errQueue.Flush(until) // on a terminal, these lines come before the result
	if s.outQueue.Flush(until) {
		_, _ = s.outQueue.Write(text)
		s.outQueue.Flush(until)
	}
	return s.failure.get()
}

// sameFile reports whether both are one file, as after 2>&1 or on a terminal.
func sameFile(a, b io.Writer) bool {
	if a == b {
		return true
	}
	f, ok := a.(*os.File)
	g, also := b.(*os.File)
	if !ok || !also {
		return false
	}
	one, err := f.Stat()
	other, err2 := g.Stat()
	return err == nil && err2 == nil && os.SameFile(one, other)
}

// writeError keeps the last error of a stream, except for EPIPE.
type writeError struct {
	mu  sync.Mutex
	err error
}

func (e *writeError) note(err error) {
	if errors.Is(err, syscall.EPIPE) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
}

func (e *writeError) get() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

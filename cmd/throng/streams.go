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

// streams are where a command writes. Commands that end by themselves write to
// the descriptors: a reader that is slow is waited for, and one that goes away
// ends the command (SIGPIPE), as with every filter. Those that live longer
// detach first.
type streams struct {
	out, err io.Writer

	outQueue, errQueue *spool.Writer // once detached
	failure            writeError
}

// flushTime is how long the end of a detached command waits for those who read its output.
const flushTime = 2 * time.Second

// detach makes writes to both streams return at once, whoever reads them: each
// gets a queue, both the same one where they are the same file, so that their
// lines keep their order. A reader that goes away does not end the process any more.
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

// flush waits for the readers of a detached command, not long.
func (s *streams) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	for _, q := range []*spool.Writer{s.outQueue, s.errQueue} {
		if q != nil {
			q.Close(ctx)
		}
	}
}

// print writes the result of a detached command, which may be long, and waits
// for its reader: until a signal ends ctx, and not long then. A reader that has
// gone away is no error.
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
	s.errQueue.Flush(until) // what stands above it on a terminal
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

// writeError keeps the last error of a stream, but for that of a reader that has gone away.
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

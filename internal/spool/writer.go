package spool

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options of a Writer.
type Options struct {
	// Limit is the bytes that may be queued, including the line that is being written. A longer line is queued if
	// nothing else is. 0: 1 MiB.
	Limit int
	// Gap returns the line that replaces n missing lines. nil: there is no such line. The goroutine of the Writer calls it.
	Gap func(n int64) []byte
	// Failed is called for every write that fails, on the goroutine of the Writer. It may be nil.
	Failed func(error)
}

// perLine is the memory of a queued line beside its bytes.
const perLine = 48

// Writer is an io.Writer that never blocks. Any goroutine may call its methods.
type Writer struct {
	out     io.Writer
	o       Options
	dropped atomic.Int64
	torn    bool          // the last line was written in part; of the goroutine
	wake    chan struct{} // of the goroutine; holds one
	ended   chan struct{} // closed at the end of the goroutine

	mu      sync.Mutex
	queue   []record
	waiting int  // bytes of the queue and of what is being written
	full    bool // a line was dropped, and less than half has been written since
	closed  bool
	left    bool // Close has stopped waiting
	flushes []chan struct{}
}

// record is a line, or a gap where lines were dropped.
type record struct {
	line    []byte
	missing int64
}

// New starts the goroutine that writes to w. It ends with Close.
func New(w io.Writer, o Options) *Writer {
	if o.Limit == 0 {
		o.Limit = 1 << 20
	}
	s := &Writer{out: w, o: o, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go s.run()
	return s
}

// Write queues one line, or drops it; it never fails. b may be reused at once.
func (s *Writer) Write(b []byte) (int, error) {
	s.mu.Lock()
	if cost := len(b) + perLine; s.fits(cost) {
		s.queue = append(s.queue, record{line: append([]byte(nil), b...)})
		s.waiting += cost
	} else {
		s.drop()
	}
	s.mu.Unlock()
	s.signal()
	return len(b), nil
}

// fits reports whether a line has space. A queue that was full stays closed until half of it has been written, so that an
// overload is one gap and not thousands.
func (s *Writer) fits(cost int) bool {
	switch {
	case s.closed:
		return false
	case s.full && s.waiting > s.o.Limit/2:
		return false
	}
	s.full = s.waiting > 0 && s.waiting+cost > s.o.Limit
	return !s.full
}

// drop counts a line at its place in the queue.
func (s *Writer) drop() {
	s.dropped.Add(1)
	if n := len(s.queue); n > 0 && s.queue[n-1].missing > 0 {
		s.queue[n-1].missing++
		return
	}
	s.queue = append(s.queue, record{missing: 1})
}

func (s *Writer) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Dropped returns the number of lines dropped since the start.
func (s *Writer) Dropped() int64 { return s.dropped.Load() }

// Flush waits until all queued lines have been written or dropped, or ctx ends, and reports whether they were.
func (s *Writer) Flush(ctx context.Context) bool {
	s.mu.Lock()
	if s.idle() {
		s.mu.Unlock()
		return true
	}
	done := make(chan struct{})
	s.flushes = append(s.flushes, done)
	s.mu.Unlock()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// idle reports whether nothing waits. mu is held.
func (s *Writer) idle() bool { return s.waiting == 0 && len(s.queue) == 0 }

// Close flushes and ends the goroutine. Later lines are dropped, and so are lines that are not written when ctx ends.
func (s *Writer) Close(ctx context.Context) bool {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.signal()
	flushed := s.Flush(ctx)
	s.mu.Lock()
	s.left = !flushed
	s.mu.Unlock()
	return flushed
}

// run writes the queue. lost is the number of lines that could not be written and are not reported yet.
func (s *Writer) run() {
	defer close(s.ended)
	var lost int64
	for {
		r, ok := s.next()
		if !ok {
			return
		}
		if lost += r.missing; lost > 0 && s.write(s.gap(lost)) == nil {
			lost = 0
		}
		if r.missing == 0 && (lost > 0 || s.write(r.line) != nil) {
			lost++
			s.dropped.Add(1)
		}
		s.written(r)
	}
}

// written frees the space of a record.
func (s *Writer) written(r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.missing == 0 {
		s.waiting -= len(r.line) + perLine
	}
	if s.idle() {
		for _, done := range s.flushes {
			close(done)
		}
		s.flushes = nil
	}
}

// next waits for a record. It returns false after Close.
func (s *Writer) next() (r record, ok bool) {
	for {
		s.mu.Lock()
		over := s.closed && len(s.queue) == 0 || s.left
		if !over && len(s.queue) > 0 {
			r, s.queue[0] = s.queue[0], record{}
			s.queue = s.queue[1:]
			s.mu.Unlock()
			return r, true
		}
		s.mu.Unlock()
		if over {
			return r, false
		}
		<-s.wake
	}
}

func (s *Writer) gap(n int64) []byte {
	if s.o.Gap == nil {
		return nil
	}
	return s.o.Gap(n)
}

// busy is the time between two attempts to write to a full non-blocking descriptor.
const busy = 10 * time.Millisecond

// write writes all of b. Another process that shares the descriptor may have made it non-blocking (O_NONBLOCK belongs to the
// open file): then write tries again.
func (s *Writer) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if s.torn {
		b = append([]byte("\n"), b...)
	}
	for begun := false; ; time.Sleep(busy) {
		n, err := s.out.Write(b)
		b, begun = b[n:], begun || n > 0
		if err == nil {
			s.torn = false
			return nil
		}
		if errors.Is(err, syscall.EAGAIN) && !s.abandoned() {
			continue
		}
		s.torn = s.torn && !begun || begun && len(b) > 0
		if s.o.Failed != nil {
			s.o.Failed(err)
		}
		return err
	}
}

func (s *Writer) abandoned() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

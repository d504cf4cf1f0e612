package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func gap(n int64) []byte { return fmt.Appendf(nil, "%d lines dropped\n", n) }

// device is a writer that a test can block, and make fail.
type device struct {
	mu     sync.Mutex
	b      bytes.Buffer
	answer func(b []byte) (int, error) // nil: takes everything
	busy   chan struct{}               // closed when a Write has begun
	once   sync.Once
	gate   chan struct{} // a Write waits for it to be closed
}

func newDevice() *device {
	d := &device{busy: make(chan struct{}), gate: make(chan struct{})}
	return d
}

func (d *device) Write(b []byte) (int, error) {
	d.once.Do(func() { close(d.busy) })
	<-d.gate
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := len(b), error(nil)
	if d.answer != nil {
		n, err = d.answer(b)
	}
	d.b.Write(b[:n])
	return n, err
}

func (d *device) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.b.String()
}

func (d *device) answers(f func(b []byte) (int, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = f
}

func closeAll(t *testing.T, s *Writer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if !s.Close(ctx) {
		t.Fatal("not everything was written")
	}
}

// TestWritesEverythingInOrder: lines within the limit are all written, with one call of Write each.
func TestWritesEverythingInOrder(t *testing.T) {
	d := newDevice()
	close(d.gate)
	s := New(d, Options{Gap: gap})
	want := ""
	for i := range 1000 {
		line := fmt.Sprintf("line %d\n", i)
		want += line
		if n, err := s.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	closeAll(t, s)
	if d.String() != want || s.Dropped() != 0 {
		t.Errorf("%d of %d bytes, %d dropped", len(d.String()), len(want), s.Dropped())
	}
}

// TestFullQueueDropsAndTells: a blocked device delays no caller, the queue stays
// within its limit, and a line in the place of the gap has the number of dropped lines.
func TestFullQueueDropsAndTells(t *testing.T) {
	d := newDevice()
	s := New(d, Options{Limit: 10 * (perLine + 7), Gap: gap})
	for i := range 50 {
		fmt.Fprintf(s, "line %02d\n", i)
		if i == 0 {
			<-d.busy
		}
	}
	s.mu.Lock()
	if s.waiting > s.o.Limit {
		t.Errorf("%d bytes wait, the limit is %d", s.waiting, s.o.Limit)
	}
	s.mu.Unlock()
	close(d.gate)
	waitFor(t, "the gap", func() bool { return strings.Contains(d.String(), "dropped") })
	fmt.Fprint(s, "later\n")
	closeAll(t, s)
	lines := strings.Split(d.String(), "\n")
	kept := len(lines) - 3 // the gap, the later one, the empty end
	want := fmt.Sprintf("line %02d\n%d lines dropped\nlater\n", kept-1, 50-kept)
	if kept < 5 || !strings.HasSuffix(d.String(), want) || s.Dropped() != int64(50-kept) {
		t.Errorf("%d dropped: %q", s.Dropped(), d.String())
	}
}

// TestFailedWritesAreDropped: lines that cannot be written are counted and reported
// when writing works again, and a partly written line does not join the next one.
func TestFailedWritesAreDropped(t *testing.T) {
	d := newDevice()
	close(d.gate)
	failed := make(chan error, 10)
	d.answers(func([]byte) (int, error) { return 0, syscall.EPIPE })
	s := New(d, Options{Gap: gap, Failed: func(err error) { failed <- err }})
	for range 3 {
		fmt.Fprint(s, "lost\n")
		if err := <-failed; !errors.Is(err, syscall.EPIPE) {
			t.Error(err)
		}
	}
	d.answers(nil)
	fmt.Fprint(s, "a\n")
	waitFor(t, "a", func() bool { return strings.HasSuffix(d.String(), "a\n") })
	d.answers(func([]byte) (int, error) { return 2, syscall.ENOSPC })
	fmt.Fprint(s, "torn\n")
	<-failed
	d.answers(nil)
	fmt.Fprint(s, "b\n")
	closeAll(t, s)
	if got, want := d.String(), "3 lines dropped\na\nto\n1 lines dropped\nb\n"; got != want || s.Dropped() != 4 {
		t.Errorf("%q, want %q; %d dropped", got, want, s.Dropped())
	}
}

// TestBusyDescriptorIsTriedAgain: EAGAIN is not an error of a descriptor that
// another process has made non-blocking.
func TestBusyDescriptorIsTriedAgain(t *testing.T) {
	d := newDevice()
	close(d.gate)
	left := 3
	d.answers(func(b []byte) (int, error) {
		if left--; left >= 0 {
			return 1, syscall.EAGAIN
		}
		return len(b), nil
	})
	s := New(d, Options{Gap: gap})
	fmt.Fprint(s, "whole line\n")
	closeAll(t, s)
	if d.String() != "whole line\n" || s.Dropped() != 0 {
		t.Errorf("%q, %d dropped", d.String(), s.Dropped())
	}
}

// TestCloseDoesNotWaitLongerThanTold: Close returns in time although the device is blocked.
func TestCloseDoesNotWaitLongerThanTold(t *testing.T) {
	d := newDevice()
	s := New(d, Options{Gap: gap})
	fmt.Fprint(s, "a\n")
	<-d.busy
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if s.Close(ctx) {
		t.Error("Close says that everything was written")
	}
	close(d.gate)
	<-s.ended
	fmt.Fprint(s, "after the end\n")
	if d.String() != "a\n" {
		t.Errorf("%q", d.String())
	}
}

// TestLongLine: a line above the limit is accepted if the queue is empty.
func TestLongLine(t *testing.T) {
	d := newDevice()
	s := New(d, Options{Limit: 100, Gap: gap})
	long := strings.Repeat("x", 1000) + "\n"
	fmt.Fprint(s, long)
	fmt.Fprint(s, "short\n")
	close(d.gate)
	closeAll(t, s)
	if want := long + "1 lines dropped\n"; d.String() != want {
		t.Errorf("%d bytes: ...%q", len(d.String()), d.String()[max(0, len(d.String())-40):])
	}
}

// TestManyWriters: every line is either written or counted as dropped.
func TestManyWriters(t *testing.T) {
	d := newDevice()
	close(d.gate)
	told := 0
	s := New(d, Options{Limit: 2000, Gap: func(n int64) []byte { told += int(n); return gap(n) }})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2000 {
				_, _ = io.WriteString(s, "line\n")
			}
		})
	}
	all.Wait()
	closeAll(t, s)
	if n := strings.Count(d.String(), "line\n"); n+told != 16000 || int64(told) != s.Dropped() {
		t.Errorf("%d written, %d told, %d dropped", n, told, s.Dropped())
	}
}

// TestFullPipeBlocksNoWriter uses a real pipe that is full.
func TestFullPipeBlocksNoWriter(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := New(w, Options{Gap: gap})
	line := bytes.Repeat([]byte("x"), 1<<10)
	for range 4096 {
		_, _ = s.Write(line)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if s.Close(ctx) || s.Dropped() < 1000 {
		t.Errorf("%d dropped", s.Dropped())
	}
	_ = w.Close() // lets the Write go that waits
	<-s.ended
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

//go:build !windows

package netpoll

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sys/unix"
)

// TestAcceptPausesWithoutDescriptors has accept fail as the kernel does without descriptors: open connections are
// served on, new ones wait in the backlog and are accepted soon after, and the error is reported at most once a second.
func TestAcceptPausesWithoutDescriptors(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.EPERM} {
		t.Run(unix.ErrnoName(errno), func(t *testing.T) {
			t.Parallel()
			acceptFails(t, errno)
		})
	}
}

func acceptFails(t *testing.T, errno unix.Errno) {
	var failing atomic.Bool
	var failed atomic.Int32
	reports := make(chan error, 100)
	s := start(t, &Server{
		Loops: 1, Endpoints: []Endpoint{echo()}, OnError: func(err error) { reports <- err },
		acceptFD: func(listener int) (int, error) {
			if failing.Load() {
				failed.Add(1)
				return -1, errno
			}
			return acceptFD(listener)
		},
	})
	c := dial(t, s, "/")
	failing.Store(true)
	came := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		q, _, err := websocket.Dial(ctx, s.url("/"), nil)
		if err == nil {
			_ = q.CloseNow()
		}
		came <- err
	}()
	began := time.Now()
	for time.Since(began) < 1200*time.Millisecond {
		say(t, c, "still here")
		hear(t, c, "still here")
		time.Sleep(5 * time.Millisecond)
	}
	select {
	case err := <-came:
		t.Fatalf("somebody came in: %v", err)
	default:
	}
	failing.Store(false)
	if err := <-came; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("accepting resumed after %v", took)
	}
	if n := failed.Load(); n < 5 || n > 50 {
		t.Errorf("accept was tried %d times in 1.2 s, want one try in 50 ms", n)
	}
	if n := len(reports); n < 1 || n > 2 {
		t.Errorf("%d reports in 1.2 s", n)
	}
	if err := <-reports; !errors.Is(err, errno) {
		t.Errorf("reported: %v", err)
	}
}

// TestAcceptResumesAfterAPause: a connection that ended before it was accepted does not pause the listener.
func TestAcceptResumesAfterAPause(t *testing.T) {
	var calls atomic.Int32
	s := start(t, &Server{
		Loops: 1, Endpoints: []Endpoint{echo()}, OnError: func(err error) { t.Error(err) },
		acceptFD: func(listener int) (int, error) {
			switch calls.Add(1) {
			case 1:
				return -1, unix.ECONNABORTED
			case 2:
				return -1, unix.EINTR
			}
			return acceptFD(listener)
		},
	})
	c := dial(t, s, "/")
	say(t, c, "in")
	hear(t, c, "in")
	if calls.Load() < 3 {
		t.Error("accept was not tried again")
	}
}

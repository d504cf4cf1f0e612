package main

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestSecondSignalCountsFromTheFirst: the time counts from the arrival of the first signal, also if a busy machine reads the
// second one late.
func TestSecondSignalCountsFromTheFirst(t *testing.T) {
	for range 50 {
		signals := make(chan os.Signal, 1)
		signals <- syscall.SIGTERM
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if !secondSignal(ctx, signals, time.Now().Add(-2*oneSignal)) {
			t.Fatal("a second signal was not heard")
		}
		cancel()
	}
	signals := make(chan os.Signal, 2)
	signals <- syscall.SIGTERM // the same signal again, sent to the process group
	signals <- syscall.SIGHUP
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if secondSignal(ctx, signals, time.Now()) {
		t.Error("the first signal counted twice")
	}
}

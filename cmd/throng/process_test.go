package main

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestSecondSignal finds the signals late, as a busy machine does: what counts is when the first one came.
func TestSecondSignal(t *testing.T) {
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
	signals <- syscall.SIGTERM // of the group, at once
	signals <- syscall.SIGHUP
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if secondSignal(ctx, signals, time.Now()) {
		t.Error("the first signal counted twice")
	}
}

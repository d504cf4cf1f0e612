//go:build !windows

package netpoll

import (
	"slices"
	"testing"
	"time"
)

// TestBatchDelay moves the clock by hand and checks which broadcasts wait, and for how long.
func TestBatchDelay(t *testing.T) {
	topicOf := func(members int) (*fanout, *topic) {
		f := &fanout{loop: &Loop{engine: &engine{started: time.Now().Add(-time.Hour)}}}
		tp := new(topic)
		for fd := range members {
			tp.lists[listPlain].add(fd)
		}
		return f, tp
	}
	pass := func(f *fanout, d time.Duration) { f.loop.engine.started = f.loop.engine.started.Add(-d) }
	publish := func(tp *topic, n int) { tp.pending = append(tp.pending, make([]*Buffer, n)...) }
	broadcast := func(tp *topic) { tp.pending = nil }

	t.Run("a small topic does not wait", func(t *testing.T) {
		f, tp := topicOf(delayMembers - 1)
		if publish(tp, 1); f.delayed(tp) {
			t.Error("the broadcast waits")
		}
	})
	t.Run("more messages prolong the delay, up to the bound", func(t *testing.T) {
		f, tp := topicOf(4000) // 800 us
		publish(tp, 1)
		if !f.delayed(tp) {
			t.Fatal("the broadcast does not wait")
		}
		pass(f, 700*time.Microsecond)
		if publish(tp, 1); !f.delayed(tp) {
			t.Error("the broadcast does not wait for more")
		}
		pass(f, 200*time.Microsecond)
		if !f.delayed(tp) {
			t.Error("the second message did not prolong the delay")
		}
		pass(f, 200*time.Microsecond)
		if publish(tp, 1); f.delayed(tp) {
			t.Errorf("the broadcast waits longer than %v", maxDelay)
		}
	})
	t.Run("delays that bring nothing become rare", func(t *testing.T) {
		f, tp := topicOf(1000)
		var waits []int
		for i := range 200 {
			publish(tp, 1)
			if f.delayed(tp) {
				waits = append(waits, i)
				if pass(f, time.Second); f.delayed(tp) {
					t.Fatal("the delay does not end")
				}
			}
			broadcast(tp)
		}
		if want := []int{0, 2, 6, 14, 30, 62, 126, 190}; !slices.Equal(waits, want) {
			t.Errorf("broadcasts that waited: %v, want %v", waits, want)
		}
		publish(tp, 2)
		for !f.delayed(tp) {
		}
		if pass(f, time.Second); f.delayed(tp) {
			t.Fatal("the delay does not end")
		}
		broadcast(tp)
		if publish(tp, 1); !f.delayed(tp) {
			t.Error("no delay after one that brought a second message")
		}
	})
}

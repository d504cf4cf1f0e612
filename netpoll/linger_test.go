//go:build !windows

package netpoll

import (
	"slices"
	"testing"
	"time"
)

// TestLinger plays the clock: who waits, for how long, and when it is not worth it.
func TestLinger(t *testing.T) {
	crowd := func(members int) (*Loop, *topic) {
		l := &Loop{server: &Server{started: time.Now().Add(-time.Hour)}}
		tp := &topic{loop: l}
		for fd := range members {
			tp.lists[listPlain].add(fd)
		}
		return l, tp
	}
	pass := func(l *Loop, d time.Duration) { l.server.started = l.server.started.Add(-d) }
	come := func(tp *topic, n int) { tp.pending = append(tp.pending, make([]*Buffer, n)...) }
	walk := func(tp *topic) { tp.pending = nil }

	t.Run("a small topic does not wait", func(t *testing.T) {
		l, tp := crowd(lingerMembers - 1)
		if come(tp, 1); l.lingers(tp) {
			t.Error("it waits")
		}
	})
	t.Run("company prolongs the wait, up to the bound", func(t *testing.T) {
		l, tp := crowd(4000) // 800 us
		come(tp, 1)
		if !l.lingers(tp) {
			t.Fatal("it does not wait")
		}
		pass(l, 700*time.Microsecond)
		if come(tp, 1); !l.lingers(tp) {
			t.Error("it does not wait for more")
		}
		pass(l, 200*time.Microsecond)
		if !l.lingers(tp) {
			t.Error("the wait was not prolonged")
		}
		pass(l, 200*time.Microsecond)
		if come(tp, 1); l.lingers(tp) {
			t.Errorf("it waits longer than %v", lingerMost)
		}
	})
	t.Run("in vain, less and less often", func(t *testing.T) {
		l, tp := crowd(1000)
		var waits []int
		for i := range 200 {
			come(tp, 1)
			if l.lingers(tp) {
				waits = append(waits, i)
				if pass(l, time.Second); l.lingers(tp) {
					t.Fatal("it waits for ever")
				}
			}
			walk(tp)
		}
		if want := []int{0, 2, 6, 14, 30, 62, 126, 190}; !slices.Equal(waits, want) {
			t.Errorf("walks that waited: %v, want %v", waits, want)
		}
		come(tp, 2)
		for !l.lingers(tp) {
		}
		if pass(l, time.Second); l.lingers(tp) {
			t.Fatal("it waits for ever")
		}
		walk(tp)
		if come(tp, 1); !l.lingers(tp) {
			t.Error("it does not wait after a walk with company")
		}
	})
}

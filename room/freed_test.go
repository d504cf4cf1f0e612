package room

import (
	"testing"
	"time"
)

// The tests of this file check that memory of a burst is freed: each buffer that
// is used again has a size up to which it is kept.

func TestAnswersOfABurstAreFreed(t *testing.T) {
	var a answerArena
	for range 10 * maxKeptChunks * 64 {
		a.next().Room = "a"
	}
	a.reset()
	if n := len(a.chunks); n != maxKeptChunks || cap(a.chunks) > 2*maxKeptChunks {
		t.Errorf("%d chunks are kept, with room for %d, want %d", n, cap(a.chunks), maxKeptChunks)
	}
	for range maxKeptChunks * 64 {
		if got := a.next(); got.Room != "" {
			t.Fatal("an answer of an earlier turn is left in the scratch")
		}
	}
}

func TestEventsOfABurstAreFreed(t *testing.T) {
	w := newTestWorld(t, Config{})
	w.s.cfg.Deliver = func(int, []Event) {}
	for burst, want := range map[int]bool{turnMax: true, 17 * turnMax: false} {
		for range burst {
			w.s.emit(0, Event{Kind: Broadcast})
		}
		w.s.deliver()
		if kept := cap(w.s.out[0]) > 0; kept != want || len(w.s.out[0]) > 0 {
			t.Errorf("%d events: room for %d is kept, %d are left", burst, cap(w.s.out[0]), len(w.s.out[0]))
		}
	}
}

func TestQueueCompactsWithoutEverBeingEmpty(t *testing.T) {
	var q queue[*int]
	next, first := 0, 0
	push := func() { n := next; q.push(&n); next++ }
	for range 100 {
		push()
	}
	for range 100_000 {
		push()
		if got := *q.pop(); got != first {
			t.Fatalf("got %d, want %d", got, first)
		}
		first++
		if len(q.items) > 400 {
			t.Fatalf("%d places for %d entries", len(q.items), q.len())
		}
	}
	for _, v := range q.items[:q.head] {
		if v != nil {
			t.Fatal("an entry that has left is still referred to")
		}
	}
}

func TestQueueOfABurstIsFreed(t *testing.T) {
	for burst, kept := range map[int]bool{500: true, 100_000: false} {
		var q queue[int]
		for i := range burst {
			q.push(i)
		}
		for q.len() > 0 {
			q.pop()
		}
		if (cap(q.items) > 0) != kept {
			t.Errorf("after %d entries there is room for %d", burst, cap(q.items))
		}
	}
}

func TestRingShrinks(t *testing.T) {
	w := newTestWorld(t, Config{})
	o := &Options{HistorySize: 10_000, HistoryTTL: time.Minute}
	w.join("a", o, 1)
	for range 5000 {
		w.publish("a", o, "x")
	}
	w.advance(30 * time.Second)
	for range 3 {
		w.publish("a", o, "x")
	}
	w.advance(31 * time.Second) // the first five thousand have expired
	if n := len(w.history("a", o)); n != 3 {
		t.Fatalf("%d messages are left, want 3", n)
	}
	if n := len(w.s.mem().rings["a"].buf); n > 16 {
		t.Errorf("%d places for 3 messages", n)
	}
	w.advance(time.Minute)
	if g := w.s.mem().rings["a"]; g == nil || g.buf != nil || w.h.Stats().HistoryBytes != 0 {
		t.Errorf("an open room without messages holds %+v", g)
	}
}

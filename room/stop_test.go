package room

import (
	"context"
	"errors"
	"testing"
	"time"
)

// startStop calls StopPublishes in a goroutine beside the turns of the test.
func (w *world) startStop(ctx context.Context) (over func() bool, result chan error) {
	result = make(chan error, 1)
	before := w.s.box.tail.Load()
	go func() { result <- w.h.StopPublishes(ctx) }()
	for w.s.box.tail.Load() == before {
		time.Sleep(time.Millisecond) // until its entry is in the mailbox
	}
	return func() bool { w.turn(); return len(w.s.onStopped) == 0 }, result
}

func publishOf(conn uint64, key string) Command {
	return Command{Op: Publish, Room: "a", Options: open(), Member: person(conn), Data: []byte("m"), IdempotencyKey: key}
}

func TestStopRefusesPublishesOnly(t *testing.T) {
	w := newTestWorld(t, Config{})
	w.ask(Command{Op: Join, Room: "a", Options: open(), Member: person(1)})
	before := w.ask(publishOf(1, "k")).Position
	queued := &Answer{}
	w.do(publishOf(2, ""), func(a *Answer) { *queued = *a }) // stands in the mailbox before the stop

	over, result := w.startStop(context.Background())
	if !over() {
		t.Fatal("StopPublishes has not returned after a turn")
	}
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	if queued.Err != nil || queued.Position.Offset <= before.Offset || w.s.messages != 2 {
		t.Errorf("what came before the stop: %+v, %d messages", queued, w.s.messages)
	}
	for _, key := range []string{"", "k", "new"} {
		if a := w.ask(publishOf(1, key)); a.Err != error(ErrBusy) {
			t.Errorf("publish with key %q after the stop: %+v", key, a)
		}
	}
	if w.s.messages != 2 {
		t.Errorf("%d messages after the stop", w.s.messages)
	}
	if a := w.ask(Command{Op: Join, Room: "a", Options: open(), Member: person(3), Recover: true, Since: before}); !a.Recovered || len(a.Publications) != 1 {
		t.Errorf("join after the stop: %+v", a)
	}
	if a := w.ask(Command{Op: History, Room: "a", Options: open(), Member: person(3), Limit: -1}); len(a.Publications) != 2 {
		t.Errorf("history after the stop: %+v", a)
	}
	if a := w.ask(Command{Op: Leave, Room: "a", Member: person(3)}); a.Err != nil {
		t.Errorf("leave after the stop: %v", a.Err)
	}
}

func TestStopWaitsForLogAndFeed(t *testing.T) {
	w, l := newManualLog(t, Config{})
	w.truth = func(string, uint64) []Publication { return []Publication{{Offset: 11, Data: []byte("m")}} }
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, nil)
	w.turn()
	l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}})
	acked := false
	w.do(publishOf(1, ""), func(a *Answer) { acked = a.Err == nil })
	w.turn()

	over, result := w.startStop(context.Background())
	if over() {
		t.Fatal("StopPublishes returned before the log answered")
	}
	l.sink.Appended(l.appends[0], Stored{Position: Position{11, "e"}})
	if over() || !acked {
		t.Fatalf("StopPublishes returned before the message came; acknowledged: %v", acked)
	}
	l.sink.Message("a", &Publication{Offset: 11, Prev: 10, Data: []byte("m")})
	if !over() {
		t.Fatal("StopPublishes has not returned after everything came")
	}
	if err := <-result; err != nil {
		t.Fatal(err)
	}
}

func TestStopEndsWithTimeoutOfSilentLog(t *testing.T) {
	w, _ := newManualLog(t, Config{LogTimeout: time.Second})
	var got *Answer
	w.do(publishOf(1, ""), func(a *Answer) { b := *a; got = &b })
	w.turn()
	over, result := w.startStop(context.Background())
	if over() {
		t.Fatal("StopPublishes returned before the timeout")
	}
	w.advance(2 * time.Second)
	if !over() || got == nil || got.Err != error(ErrTemporary) {
		t.Fatalf("after the timeout: %+v", got)
	}
	if err := <-result; err != nil {
		t.Fatal(err)
	}
}

func TestStopEndsWithContext(t *testing.T) {
	w, _ := newManualLog(t, Config{})
	w.do(publishOf(1, ""), nil)
	w.turn()
	ctx, cancel := context.WithCancel(context.Background())
	_, result := w.startStop(ctx)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestStopPublishesOfRunningHub(t *testing.T) {
	h := New(Config{Shards: 4})
	defer h.Close()
	for range 2 { // the second finds nothing to wait for
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := h.StopPublishes(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		answered := make(chan Answer, 1)
		c := Command{Op: Publish, Room: name, Options: open(), Data: []byte("m"), Done: func(a Answer) { answered <- a }}
		if err := h.Submit(c); err != nil {
			t.Fatal(err)
		}
		if a := <-answered; a.Err != error(ErrBusy) {
			t.Errorf("room %s: %+v", name, a)
		}
	}
}

package room

import (
	"testing"
	"time"
)

// Nothing has an age by the clock of the day: it may be set at any time.
func TestAgesDoNotFollowTheClockOfTheDay(t *testing.T) {
	o := &Options{HistorySize: 10, HistoryTTL: time.Minute, JoinLeave: true}
	for _, step := range []time.Duration{25 * time.Hour, -25 * time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			w := lab(t, Config{})
			since := w.publish("a", o, "x").Position
			missed := w.publish("a", o, "y")
			keyed := Command{Op: Publish, Room: "a", Options: o, Member: person(1), Body: []byte("z"), IdempotencyKey: "k"}
			first := w.ask(keyed)

			w.set(step)
			w.advance(30 * time.Second)
			if a := w.resume("a", o, since); !a.Recovered || len(a.Publications) != 2 || a.Publications[0].Offset != missed.Position.Offset {
				t.Errorf("history of half a minute, kept for one: %+v", a)
			}
			if a := w.ask(keyed); !a.Repeat || a.Position != first.Position {
				t.Errorf("a repeat after half a minute: %+v", a)
			}
			w.advance(30 * time.Second)
			if n := w.s.mem().rings["a"].n; n != 0 {
				t.Errorf("%d messages are kept for longer than a minute", n)
			}
		})
	}
}

// A log that does not answer, and a join that is told a second later, are waited for on the same clock.
func TestWaitsDoNotFollowTheClockOfTheDay(t *testing.T) {
	w, _ := late(t, Config{LogTimeout: 5 * time.Second})
	var answer *Answer
	w.do(Command{Op: Publish, Room: "a", Options: open(), Member: person(1)}, func(a *Answer) { b := *a; answer = &b })
	w.turn()
	w.set(25 * time.Hour)
	if w.turn(); answer != nil {
		t.Fatalf("the log had no time to answer: %+v", answer)
	}
	w.set(-50 * time.Hour)
	if w.advance(5 * time.Second); answer == nil || answer.Err != ErrTemporary {
		t.Fatalf("after the timeout: %+v", answer)
	}
}

func TestMessagesCarryTheTimeOfDay(t *testing.T) {
	w := lab(t, Config{})
	w.set(25 * time.Hour)
	w.publish("a", open(), "x")
	if got := w.s.mem().rings["a"].at(0).Time; got != w.clock.UnixMilli() {
		t.Fatalf("%d, want %d", got, w.clock.UnixMilli())
	}
}

// The clock that is used when none is given goes on by the monotonic reading.
func TestDefaultClock(t *testing.T) {
	clock := Config{}.withDefaults().Clock
	_, first := clock()
	day, second := clock()
	if second < first || first < 0 || second > time.Minute || time.Since(day) > time.Minute {
		t.Fatalf("%v, %v, %v", first, second, day)
	}
}

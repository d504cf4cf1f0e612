package room

import (
	"testing"
	"time"
)

// The system clock may be set at any time.
func TestAgesIgnoreTheSystemClock(t *testing.T) {
	o := &Options{HistorySize: 10, HistoryTTL: time.Minute, JoinLeave: true}
	for _, step := range []time.Duration{25 * time.Hour, -25 * time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			w := newTestWorld(t, Config{})
			since := w.publish("a", o, "x").Position
			missed := w.publish("a", o, "y")
			keyed := Command{Op: Publish, Room: "a", Options: o, Member: person(1), Data: []byte("z"), IdempotencyKey: "k"}
			first := w.ask(keyed)

			w.setWallClock(step)
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

// The timeout of the log and the delay of join pushes use the monotonic clock.
func TestTimeoutsIgnoreTheSystemClock(t *testing.T) {
	w, _ := newManualLog(t, Config{LogTimeout: 5 * time.Second})
	var answer *Answer
	w.do(Command{Op: Publish, Room: "a", Options: open(), Member: person(1)}, func(a *Answer) { b := *a; answer = &b })
	w.turn()
	w.setWallClock(25 * time.Hour)
	if w.turn(); answer != nil {
		t.Fatalf("the log had no time to answer: %+v", answer)
	}
	w.setWallClock(-50 * time.Hour)
	if w.advance(5 * time.Second); answer == nil || answer.Err != ErrTemporary {
		t.Fatalf("after the timeout: %+v", answer)
	}
}

func TestMessagesCarryTheTimeOfDay(t *testing.T) {
	w := newTestWorld(t, Config{})
	w.setWallClock(25 * time.Hour)
	w.publish("a", open(), "x")
	if got := w.s.mem().rings["a"].at(0).Time; got != w.clock.UnixMilli() {
		t.Fatalf("%d, want %d", got, w.clock.UnixMilli())
	}
}

func TestDefaultClockIsMonotonic(t *testing.T) {
	clock := Config{}.withDefaults().Clock
	_, first := clock()
	day, second := clock()
	if second < first || first < 0 || second > time.Minute || time.Since(day) > time.Minute {
		t.Fatalf("%v, %v, %v", first, second, day)
	}
}

package room

import (
	"fmt"
	"testing"
	"time"
)

// TestForgottenRoomsAreNotRecoveredUnderOtherOptions loses a room's messages under one *Options and resumes under
// another, as after a reload: what the room lost must not be answered with recovered:true.
func TestForgottenRoomsAreNotRecoveredUnderOtherOptions(t *testing.T) {
	brief := func() *Options { return &Options{HistorySize: 10, HistoryTTL: time.Minute} }
	for name, lose := range map[string]func(w *world) Position{
		"kept and expired": func(w *world) Position {
			o := brief()
			at := w.publish("a", o, "x").Position
			w.publish("a", o, "y")
			w.advance(2 * time.Minute)
			return at
		},
		"kept and over HistoryBytes": func(w *world) Position {
			o := &Options{HistorySize: 10}
			at := w.publish("a", o, "x").Position
			w.publish("a", o, "y")
			w.advance(time.Second)
			w.publish("b", o, string(make([]byte, 10_000)))
			return at
		},
		"nobody there and nothing kept": func(w *world) Position {
			at := w.publish("a", &Options{}, "x").Position
			w.publish("a", &Options{}, "y")
			return at
		},
		"members but nothing kept": func(w *world) Position {
			o := &Options{}
			at := w.join("a", o, 1).Position
			w.publish("a", o, "x")
			w.ask(Command{Op: Leave, Room: "a", Member: person(1)})
			return at
		},
		"more options than are told apart": func(w *world) Position {
			for i := range floorsMax + 1 {
				w.publish("a", &Options{HistoryTTL: time.Duration(i)}, "x")
			}
			o := brief()
			at := w.publish("a", o, "x").Position
			w.publish("a", o, "y")
			w.advance(2 * time.Minute)
			return at
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := lab(t, Config{HistoryBytes: 10_000})
			at := lose(w)
			if w.s.mem.rings["a"] != nil {
				t.Fatal("the room is not forgotten")
			}
			o := brief()
			if a := w.resume("a", o, at); a.Err != nil || a.Recovered {
				t.Errorf("what was lost is recovered: %+v", a)
			}
			w.ask(Command{Op: Leave, Room: "a", Member: person(50)})
			o = brief()
			w.history("a", o) // the options are known from here on
			if a := w.resume("a", o, at); a.Err != nil || a.Recovered {
				t.Errorf("what was lost is recovered once the options are known: %+v", a)
			}
		})
	}
}

// TestFloorsBelongToTheirOptions: losses of one namespace do not spoil the recovery of another, and the number of
// namespaces that are told apart is bounded.
func TestFloorsBelongToTheirOptions(t *testing.T) {
	w := lab(t, Config{})
	kept, lost := &Options{HistorySize: 10, HistoryTTL: time.Minute}, &Options{}
	w.publish("b", lost, "known")
	at := w.publish("a", kept, "x").Position
	w.advance(2 * time.Minute) // forgotten at its own position: nothing was missed since
	w.publish("b", lost, "y")
	if a := w.resume("a", kept, at); !a.Recovered {
		t.Errorf("a loss of another namespace spoilt it: %+v", a)
	}
	for i := range 3 * floorsMax {
		w.publish(fmt.Sprint(i), &Options{HistoryTTL: time.Duration(i)}, "x")
	}
	if n := len(w.s.mem.floors.by); n > floorsMax {
		t.Errorf("%d floors are kept, want at most %d", n, floorsMax)
	}
}

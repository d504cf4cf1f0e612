package room

import (
	"fmt"
	"testing"
	"time"
)

// A room loses messages under one *Options and a client recovers under another one,
// as after a reload: the answer must not have Recovered set.
func TestNoRecoveryOfEvictedMessagesAfterOptionsChange(t *testing.T) {
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
		"more than maxNamespaces": func(w *world) Position {
			for i := range maxNamespaces + 1 {
				w.publish("b", &Options{Namespace: fmt.Sprint(i)}, "x")
			}
			at := w.publish("a", &Options{}, "x").Position
			w.publish("a", &Options{}, "y")
			return at
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestWorld(t, Config{HistoryBytes: 10_000})
			at := lose(w)
			if w.s.mem().rings["a"] != nil {
				t.Fatal("the room was not removed")
			}
			o := brief()
			if a := w.resume("a", o, at); a.Err != nil || a.Recovered {
				t.Errorf("lost messages are recovered: %+v", a)
			}
			w.ask(Command{Op: Leave, Room: "a", Member: person(50)})
			o = brief()
			w.history("a", o) // the options are known from here on
			if a := w.resume("a", o, at); a.Err != nil || a.Recovered {
				t.Errorf("lost messages are recovered once the options are known: %+v", a)
			}
		})
	}
}

// keptForASecond returns new options of one namespace, as a reload does.
func keptForASecond() *Options {
	return &Options{Namespace: "quiet", HistorySize: 10, HistoryTTL: time.Second}
}

// The recovery does not depend on what other rooms do meanwhile.
func TestRemovedRoomRecoversIfNothingWasMissed(t *testing.T) {
	churn := func(w *world, o *Options) {
		for i := range 100 {
			w.publish(fmt.Sprint("other", i), o, "x")
		}
		w.advance(5 * time.Second)
	}
	for _, c := range []struct {
		name      string
		here      func(w *world, o *Options) Position // the client joins and goes
		meanwhile func(w *world, o *Options)
	}{
		{"joined only", func(w *world, o *Options) Position { return w.joinAndLeave("user42", o) }, churn},
		{"published to and expired", func(w *world, o *Options) Position {
			w.publish("user42", o, "x")
			w.advance(5 * time.Second)
			return w.joinAndLeave("user42", o)
		}, churn},
		{"an acknowledged publish", func(w *world, o *Options) Position { return w.publish("user42", o, "x").Position }, churn},
		{"joined after others were lost", func(w *world, o *Options) Position {
			churn(w, o)
			return w.joinAndLeave("user42", o)
		}, churn},
		{"another namespace keeps nothing", func(w *world, o *Options) Position { return w.joinAndLeave("user42", o) },
			func(w *world, _ *Options) { churn(w, &Options{Namespace: "typing"}) }},
		{"the room comes and goes", func(w *world, o *Options) Position {
			at := w.joinAndLeave("user42", o)
			churn(w, o)
			w.joinAndLeave("user42", o)
			return at
		}, churn},
		{"more than maxNamespaces", func(w *world, o *Options) Position { return w.joinAndLeave("user42", o) },
			func(w *world, _ *Options) {
				for i := range 2 * maxNamespaces {
					churn(w, &Options{Namespace: fmt.Sprint(i)})
				}
			}},
	} {
		for _, reload := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reload %v", c.name, reload), func(t *testing.T) {
				w, o := newTestWorld(t, Config{}), keptForASecond()
				at := c.here(w, o)
				c.meanwhile(w, o)
				if reload {
					o = keptForASecond()
					o.HistorySize++
				}
				if w.s.mem().rings["user42"] != nil {
					t.Fatal("the room was not removed")
				}
				if a := w.resume("user42", o, at); !a.Recovered || a.Publications != nil {
					t.Errorf("nothing was missed since %v: %+v", at, a)
				}
				w.publish("user42", o, "y")
				w.ask(Command{Op: Leave, Room: "user42", Member: person(50)})
				w.advance(5 * time.Second)
				if a := w.resume("user42", o, at); a.Recovered {
					t.Error("then a message was missed, and Recovered is set")
				}
			})
		}
	}
}

// joinAndLeave returns the position of the join.
func (w *world) joinAndLeave(room string, o *Options) Position {
	at := w.join(room, o, 1).Position
	w.ask(Command{Op: Leave, Room: room, Member: person(1)})
	return at
}

// Recoveries of the rooms whose marks were folded are refused.
func TestHighWaterMarksAreBounded(t *testing.T) {
	w, o := newTestWorld(t, Config{ForgottenRooms: 10}), keptForASecond()
	var before, at []Position
	for i := range 30 {
		before = append(before, w.publish(fmt.Sprint(i), o, "x").Position)
		at = append(at, w.publish(fmt.Sprint(i), o, "y").Position)
	}
	w.advance(5 * time.Second)
	if st := w.h.Stats(); st.Forgotten != 10 || st.Limits.ForgottenRooms != 20 || st.Rooms != 0 {
		t.Fatalf("%+v", st)
	}
	recovered := 0
	for i := len(at) - 1; i >= 0; i-- {
		if w.resume(fmt.Sprint(i), o, at[i]).Recovered {
			recovered++
		}
		w.ask(Command{Op: Leave, Room: fmt.Sprint(i), Member: person(50)})
	}
	if recovered < 10 {
		t.Errorf("%d of 30 recovered: those of the last 10 must", recovered)
	}
	for i, p := range before {
		room, a := fmt.Sprint(i), w.ask(Command{Op: Join, Room: fmt.Sprint(i), Options: o, Member: person(50), Recover: true, RejectUnrecovered: true, Since: p})
		if a.Err != ErrUnrecoverable {
			t.Fatalf("%s lost a message after %v: %+v", room, p, a)
		}
	}
	w.h.Reload(Config{ForgottenRooms: 3})
	w.publish("new", o, "x")
	w.advance(5 * time.Second)
	if n := w.h.Stats().Forgotten; n != 3 {
		t.Errorf("%d marks after a reload, want 3", n)
	}
}

// All clients come back at once, as after an outage of the network.
func TestHighWaterMarksReturnMemory(t *testing.T) {
	w, o := newTestWorld(t, Config{}), keptForASecond()
	for i := range 10_000 {
		w.publish(fmt.Sprint(i), o, "x")
	}
	w.advance(5 * time.Second)
	for w.h.Stats().Rooms > 0 {
		w.advance(time.Second)
	}
	f := w.s.mem().marks
	if n := len(f.index); n != 10_000 || len(f.marks) != n+1 {
		t.Fatalf("%d rooms in %d places", n, len(f.marks))
	}
	for i := range 9_990 {
		w.join(fmt.Sprint(i), o, 1)
	}
	if n := len(f.index); n != 10 || cap(f.marks) > 2048 {
		t.Errorf("%d rooms in %d places", n, cap(f.marks))
	}
	for i, prev := f.marks[0].next, int32(0); i != 0 || prev != f.marks[0].prev; prev, i = i, f.marks[i].next {
		if f.marks[i].prev != prev || f.index[f.marks[i].hash] != i {
			t.Fatalf("place %d: %+v", i, f.marks[i])
		}
	}
}

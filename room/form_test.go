package room

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestMessagesAreEncodedOnceInTheFormsThatAreNeeded counts the encodings of messages in a room whose members and readers
// come in two forms.
func TestMessagesAreEncodedOnceInTheFormsThatAreNeeded(t *testing.T) {
	var encoded []string
	w := newTestWorld(t, Config{})
	w.s.cfg.Encode = func(_ string, p *Publication, f Form) Buffer {
		encoded = append(encoded, fmt.Sprintf("%s in %d", p.Data, f))
		p.Encoded[f] = p.Data
		return &push{kind: "other", form: f}
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if !slices.Equal(encoded, want) {
			t.Errorf("%s: encoded %q, want %q", what, encoded, want)
		}
		encoded = nil
	}
	o := open()
	ask := func(f Form, c Command) *Answer {
		c.Room, c.Options, c.Member = "a", o, person(40)
		c.Member.Form = f
		return w.ask(c)
	}
	publish := func(text string) { ask(0, Command{Op: Publish, Data: []byte(text), From: person(1).Info}) }
	join := func(conn uint64, f Form) {
		m := person(conn)
		m.Form = f
		if a := w.ask(Command{Op: Join, Room: "a", Options: o, Member: m}); a.Err != nil {
			t.Fatal(a.Err)
		}
	}

	publish("first")
	expect("nobody is there")
	ask(1, Command{Op: History, Limit: -1})
	ask(1, Command{Op: History, Limit: -1})
	expect("one form reads", "first in 1")
	join(1, 1)
	join(2, 1)
	publish("second")
	expect("members of one form", "second in 1")
	join(3, 0)
	publish("third")
	slices.Sort(encoded)
	expect("members of both forms", "third in 0", "third in 1")
	ask(0, Command{Op: Join, Recover: true, Since: Position{Epoch: w.s.mem().epoch}})
	expect("a recovery in the other form", "first in 0", "second in 0")
	ask(0, Command{Op: History, Limit: -1})
	ask(1, Command{Op: History, Limit: -1})
	expect("all are encoded")
}

// TestEncodingForReadersIsCounted: the memory of an encoding that a reader caused counts for the history, and is given back.
func TestEncodingForReadersIsCounted(t *testing.T) {
	w := newTestWorld(t, Config{})
	w.s.cfg.Encode = func(_ string, p *Publication, f Form) Buffer {
		p.Encoded[f] = make([]byte, 1000)
		return &push{kind: "other", form: f}
	}
	o := &Options{HistorySize: 10, HistoryTTL: time.Hour}
	w.publish("a", o, "x")
	before := w.h.budget.used.Load()
	for _, f := range []Form{1, 0} {
		m := person(9)
		m.Form = f
		w.ask(Command{Op: History, Room: "a", Options: o, Member: m, Limit: -1})
		after := w.h.budget.used.Load()
		if after-before < 1000 {
			t.Errorf("form %d: %d bytes more", f, after-before)
		}
		before = after
	}
	w.advance(2 * time.Hour)
	w.publish("b", o, "x")
	w.advance(2 * time.Hour)
	if n := w.h.budget.used.Load(); n != 0 {
		t.Errorf("%d bytes are counted of nothing", n)
	}
	for by, p := range w.s.mem().publishers.of {
		t.Errorf("publisher %d is charged: %+v", by, p)
	}
}

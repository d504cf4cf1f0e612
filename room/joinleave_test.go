package room

import (
	"slices"
	"testing"
	"time"
)

func TestJoinAndLeavePushesCancelOut(t *testing.T) {
	w, o := newTestWorld(t, Config{JoinLeaveMaxMembers: 3}), open()
	leave := func(conn uint64) { w.ask(Command{Op: Leave, Room: "a", Member: person(conn)}) }
	expect := func(what string, want ...string) {
		t.Helper()
		w.advance(time.Second)
		slices.Sort(w.joins)
		if !slices.Equal(w.joins, want) {
			t.Fatalf("%s: %q, not %q", what, w.joins, want)
		}
		w.joins = nil
	}
	w.join("a", o, 1)
	w.advance(999 * time.Millisecond)
	if len(w.joins) > 0 {
		t.Fatal("too soon")
	}
	expect("a join", "u1:join u1")
	w.join("a", o, 2)
	leave(2)
	expect("a join and a leave cancel out")
	w.join("a", o, 2)
	expect("a join", "u1:join u2", "u2:join u2")
	leave(2)
	w.join("a", o, 2)
	expect("a leave and a join cancel out")
	leave(2)
	w.join("a", o, 2)
	leave(2)
	expect("a leave, a join, a leave", "u1:leave u2")
	w.join("a", o, 2)
	w.join("a", o, 3)
	w.join("a", o, 4)
	expect("four are too many")
	leave(3)
	expect("three are not", "u0:leave u3", "u1:leave u3", "u2:leave u3")
	w.join("a", o, 3)
	leave(3)
	leave(4)
	expect("a join above the bound, a leave below", "u1:leave u0", "u1:leave u3", "u2:leave u0", "u2:leave u3")
}

func TestJoinLeavePushedToWatchersOnly(t *testing.T) {
	w, o := newTestWorld(t, Config{}), open()
	blind := person(1)
	blind.WantJoinLeave = false
	w.ask(Command{Op: Join, Room: "a", Options: o, Member: blind})
	w.advance(time.Second)
	if len(w.joins) != 0 || w.s.joinLeaves.len() != 0 {
		t.Fatalf("nobody watches: %v", w.joins)
	}
	w.join("a", o, 2)
	w.advance(time.Second)
	if !slices.Equal(w.joins, []string{"u2:join u2"}) {
		t.Fatalf("watchers only: %v", w.joins)
	}
	force := &Options{JoinLeave: true, ForceJoinLeave: true}
	w.joins = nil
	w.ask(Command{Op: Join, Room: "f", Options: force, Member: blind})
	w.advance(time.Second)
	if !slices.Equal(w.joins, []string{"u1:join u1"}) {
		t.Fatalf("forced: %v", w.joins)
	}
	w.joins = nil
	w.join("off", &Options{}, 2)
	w.advance(time.Second)
	if len(w.joins) != 0 {
		t.Fatalf("without the option: %v", w.joins)
	}
}

package room

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// leaveAll ends a connection, which receives nothing more.
func (w *world) leaveAll(conn uint64, rooms ...string) {
	for _, room := range rooms {
		k := place{room, conn}
		if ss := w.sessions[k]; ss != nil {
			w.ended[k] = ss
			delete(w.sessions, k)
			delete(w.topics[topic{ss.m.Loop, room, ss.m.Form}], conn)
		}
	}
	w.h.LeaveAll(conn, slices.Values(rooms))
}

// joinCrowd makes each of conns connections join rooms of its own, and returns
// the names of the rooms.
func (w *world) joinCrowd(conns, rooms int, o *Options) map[uint64][]string {
	in := make(map[uint64][]string)
	for c := range uint64(conns) {
		for r := range rooms {
			name := fmt.Sprintf("room-%d-%d", c, r)
			in[c+1] = append(in[c+1], name)
			w.do(Command{Op: Join, Room: name, Options: o, Member: person(c + 1)}, nil)
			w.turn()
		}
	}
	return in
}

func TestLeaveAllEndsMemberships(t *testing.T) {
	w, o := newTestWorld(t, Config{Shards: 3}), open()
	w.join("a", o, 1)
	w.join("b", o, 1)
	w.join("b", o, 2)
	w.join("c", o, 2)
	w.advance(time.Minute) // the joins are pushed
	w.joins = nil
	w.leaveAll(1, "a", "b", "c", "never seen") // it is no member of c
	w.turn()
	if st := w.h.Stats(); st.Members != 2 || st.Rooms != 2 || st.Leaving != 0 || st.Waiting != 0 {
		t.Errorf("%+v", st)
	}
	if w.advance(time.Minute); !slices.Contains(w.joins, "u2:leave u1") {
		t.Errorf("the leave is not pushed: %v", w.joins)
	}
	if a := w.join("b", o, 1); a.Err != nil {
		t.Errorf("a later join: %v", a.Err)
	}
}

// A pending join is in the mailbox, or waits for the log.
func TestLeaveAllEndsPendingJoins(t *testing.T) {
	w, l := newManualLog(t, Config{})
	var err error
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, func(a *Answer) { err = a.Err })
	w.leaveAll(1, "a")
	w.turn()
	if err != ErrLeft || len(w.s.rooms) != 0 || l.closed != 1 {
		t.Errorf("%v, %d rooms", err, len(w.s.rooms))
	}
}

// Many connections that end at once in many rooms do not fill the mailbox, and a
// command waits for a bounded number of their leaves.
func TestCommandsAreServedBetweenLeavesOfManyConnections(t *testing.T) {
	w, o := newTestWorld(t, Config{Mailbox: 4}), open()
	in := w.joinCrowd(50, 40, o)
	w.join("lobby", o, 99)
	for conn, rooms := range in {
		w.leaveAll(conn, rooms...)
	}
	members := w.h.Stats().Members
	for i := range 4 {
		answered := false
		w.do(Command{Op: Publish, Room: "lobby", Options: o, Member: person(99), Data: []byte("x")}, func(a *Answer) {
			if answered = true; a.Err != nil {
				t.Fatal(a.Err)
			}
		})
		w.s.turn()
		now := w.h.Stats().Members
		if left := members - now; !answered || left > leavesPerTurn+leavesPerConn || left < leavesPerTurn {
			t.Fatalf("publish %d: answered %v after %d leaves", i, answered, left)
		}
		members = now
	}
	w.turn()
	if st := w.h.Stats(); st.Members != 1 || st.Leaving != 0 {
		t.Errorf("%+v", st)
	}
}

func TestLeaveAllTakesTurnsBetweenConnections(t *testing.T) {
	w, o := newTestWorld(t, Config{}), open()
	in := w.joinCrowd(2, 1000, o)
	w.leaveAll(1, in[1]...)
	w.leaveAll(2, in[2]...)
	w.s.turn()
	left := map[uint64]int{}
	for _, r := range w.s.rooms {
		for conn := range r.members {
			left[conn]++
		}
	}
	if d := left[1] - left[2]; left[1] == 1000 || d < -100 || d > 100 {
		t.Errorf("memberships left: %v", left)
	}
	w.turn()
}

func TestLeavesDoNotCountAgainstMailbox(t *testing.T) {
	w, o := newTestWorld(t, Config{Mailbox: 2}), open()
	for range 100 {
		w.do(Command{Op: Leave, Room: "a", Member: person(1)}, nil)
	}
	for i, want := range []error{nil, nil, ErrBusy} {
		if err := w.h.Submit(Command{Op: Publish, Room: "a", Options: o}); err != want {
			t.Fatalf("publish %d: %v", i, err)
		}
	}
	if n := w.h.Stats().Waiting; n != 2 {
		t.Errorf("%d wait", n)
	}
	w.turn()
}

func TestCloseProcessesLeaveAll(t *testing.T) {
	h, o := New(Config{}), open()
	var rooms []string
	for i := range 5000 {
		rooms = append(rooms, fmt.Sprint(i))
		joined := make(chan struct{})
		m := person(1)
		m.Loop = 0
		if err := h.Submit(Command{Op: Join, Room: rooms[i], Options: o, Member: m, Done: func(Answer) { close(joined) }}); err != nil {
			t.Fatal(err)
		}
		<-joined
	}
	h.LeaveAll(1, slices.Values(rooms))
	h.Close()
	if st := h.Stats(); st.Members != 0 || st.Leaving != 0 {
		t.Errorf("%+v", st)
	}
	h.LeaveAll(1, slices.Values(rooms)) // not members any more
	if st := h.Stats(); st.Leaving != 0 {
		t.Errorf("%+v", st)
	}
}

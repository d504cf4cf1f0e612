package room

import (
	"fmt"
	"testing"
	"time"
)

// At MaxRooms the least recently used room without members is removed. A client
// that comes back to it is told that messages are gone, if any are.
func TestOldestIdleRoomIsRemovedForNewOne(t *testing.T) {
	w, o := newTestWorld(t, Config{MaxRooms: 4}), open()
	first := w.publish("oldest", o, "x").Position
	last := w.publish("oldest", o, "y").Position
	w.join("members", o, 1) // the oldest, with a member
	w.publish("members", o, "x")
	for _, room := range []string{"old", "newest"} {
		w.advance(time.Second)
		w.publish(room, o, "x")
	}
	w.advance(time.Second)
	if a := w.join("new", o, 2); a.Err != nil {
		t.Fatal(a.Err)
	}
	for room, there := range map[string]bool{"oldest": false, "members": true, "old": true, "newest": true, "new": true} {
		if (w.s.mem().rings[room] != nil) != there {
			t.Errorf("%s exists: %v", room, !there)
		}
	}
	if st := w.h.Stats(); st.Rooms != 4 || st.Limits.MaxRooms != 1 {
		t.Errorf("%+v", st)
	}
	for since, want := range map[Position]bool{first: false, last: true} {
		if a := w.resume("oldest", o, since); a.Err != nil || a.Recovered != want {
			t.Errorf("since %v: %+v", since, a)
		}
		w.ask(Command{Op: Leave, Room: "oldest", Member: person(50)})
	}
	w.checkAccounting()
}

func TestJoinsAndLeavesCountAsUse(t *testing.T) {
	w, o := newTestWorld(t, Config{MaxRooms: 2}), open()
	w.publish("left", o, "x")
	w.join("left", o, 1)
	w.advance(time.Second)
	w.publish("other", o, "x")
	w.advance(time.Second)
	w.ask(Command{Op: Leave, Room: "left", Member: person(1)})
	w.publish("new", o, "x")
	if w.s.mem().rings["left"] == nil || w.s.mem().rings["other"] != nil {
		t.Error("the room that was just left went first")
	}
}

// Other clients can still open rooms.
func TestFloodOfRoomsStaysWithinMaxRooms(t *testing.T) {
	for _, shards := range []int{1, 2, 5} {
		w, o := newTestWorld(t, Config{Shards: shards, MaxRooms: 100}), open()
		for i := range 2000 {
			if a := w.publish(fmt.Sprint("flood", i), o, "x"); a.Err != nil {
				t.Fatalf("%d shards, room %d: %v", shards, i, a.Err)
			}
		}
		for i := range 100 {
			if a := w.join(fmt.Sprint("room", i), o, 1); a.Err != nil {
				t.Fatalf("%d shards: no room can be opened after the flood: %v", shards, a.Err)
			}
		}
		if n := w.h.Stats().Rooms; n > 100+100/16+1 {
			t.Errorf("%d shards: %d rooms", shards, n)
		}
		w.checkAccounting()
	}
}

func TestIdleRoomOfAnotherShardIsRemoved(t *testing.T) {
	w, o := newTestWorld(t, Config{Shards: 2, MaxRooms: 2}), open()
	names := w.roomPerShard()
	w.publish(names[0], o, "x")
	w.join(names[1], o, 1)
	next := ""
	for i := 0; next == "" || w.h.shard(next) != w.h.shards[1]; i++ {
		next = fmt.Sprint("next", i)
	}
	if a := w.join(next, o, 1); a.Err != nil {
		t.Fatal(a.Err)
	}
	w.turn() // of the shard that was asked
	if st := w.h.Stats(); st.Rooms != 2 || w.h.shards[0].mem().rings[names[0]] != nil {
		t.Errorf("%+v", st)
	}
	if a := w.publish(next+"x", o, "x"); a.Err != ErrLimit {
		t.Errorf("members in all rooms: %v", a.Err)
	}
}

// Meanwhile new rooms can be opened.
func TestLoweredMaxRoomsIsReachedGradually(t *testing.T) {
	w, o := newTestWorld(t, Config{MaxRooms: 1000}), open()
	for i := range 1000 {
		w.publish(fmt.Sprint(i), o, "x")
	}
	w.h.Reload(Config{MaxRooms: 10})
	for i := range 100 {
		if a := w.publish(fmt.Sprint("new", i), o, "x"); a.Err != nil {
			t.Fatal(a.Err)
		}
	}
	if n := w.h.Stats().Rooms; n != 10 {
		t.Errorf("%d rooms", n)
	}
}

// MayOpen is asked only for a command that makes a new room.
func TestMayOpenRefusesNewRooms(t *testing.T) {
	slow := &Info{Client: ID{1}}
	w, o := newTestWorld(t, Config{MayOpen: func(by *Info) bool { return by != slow }}), open()
	w.publish("history", o, "x")
	w.join("members", &Options{}, 2)
	member := Member{Conn: 1, Info: slow}
	for _, c := range []struct {
		name string
		Command
		want error
	}{
		{"join of a new room", Command{Op: Join, Room: "new", Options: o, Member: member}, ErrRate},
		{"kept publish to a new room", Command{Op: Publish, Room: "new", Options: o, Member: member, From: slow}, ErrRate},
		{"publish that is not kept", Command{Op: Publish, Room: "new", Options: &Options{}, Member: member, From: slow}, nil},
		{"join of a room with history", Command{Op: Join, Room: "history", Options: o, Member: member}, nil},
		{"join of a room with members", Command{Op: Join, Room: "members", Options: o, Member: member}, nil},
		{"publish to a room that exists", Command{Op: Publish, Room: "history", Options: o, Member: member, From: slow}, nil},
		{"publish of the server", Command{Op: Publish, Room: "servers", Options: o, Member: member}, nil},
		{"history of a room that does not exist", Command{Op: History, Room: "none", Options: o, Member: member}, nil},
	} {
		if a := w.ask(c.Command); a.Err != c.want {
			t.Errorf("%s: %v, want %v", c.name, a.Err, c.want)
		}
	}
	if n := w.h.Stats().Refused; n != 0 {
		t.Errorf("%d are counted as overload", n)
	}
}

// The shard with rooms without members does not read its mailbox. The others may
// exceed the bound by a sixteenth and one.
func TestMaxRoomsWhileShardWithIdleRoomsIsBusy(t *testing.T) {
	w, o := newTestWorld(t, Config{Shards: 2, MaxRooms: 32}), open()
	names := w.roomPerShard()
	w.publish(names[0], o, "x")
	opened := 0
	for i := 0; opened < 100 && i < 1000; i++ {
		name := fmt.Sprint("next", i)
		if w.h.shard(name) != w.h.shards[1] {
			continue
		}
		opened++
		w.do(Command{Op: Join, Room: name, Options: o, Member: person(1)}, nil)
		w.h.shards[1].turn()
	}
	if n := w.h.Stats().Rooms; n != 32+32/16+1 {
		t.Errorf("%d rooms, and the bound is 32", n)
	}
	w.turn()
	if n := w.h.Stats().Rooms; w.h.shards[0].mem().rings[names[0]] != nil || n != 32+32/16 {
		t.Errorf("%d rooms after the one without members should have gone", n)
	}
}

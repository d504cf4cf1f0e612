package room

import (
	"testing"
	"time"
)

func (w *world) history(room string, o *Options) []Publication {
	w.t.Helper()
	a := w.ask(Command{Op: History, Room: room, Options: o, Member: person(98), Limit: -1})
	if a.Err != nil {
		w.t.Fatalf("history: %v", a.Err)
	}
	return a.Publications
}

// A room that exists takes the changed options of its namespace, and recovery stays
// exact.
func TestRoomTakesChangedOptions(t *testing.T) {
	w := newTestWorld(t, Config{})
	long, short, none := &Options{HistorySize: 100}, &Options{HistorySize: 3, Presence: true}, &Options{}
	w.join("a", long, 1)
	w.join("a", long, 2)
	var at []Position
	for range 10 {
		at = append(at, w.publish("a", long, "x").Position)
	}
	w.publish("b", long, "x") // history without members

	at = append(at, w.publish("a", short, "x").Position)
	if n := len(w.history("a", short)); n != 3 {
		t.Errorf("%d messages are kept, want 3", n)
	}
	if a := w.resume("a", short, at[7]); !a.Recovered || len(a.Publications) != 3 {
		t.Errorf("kept messages were not recovered: %+v", a)
	}
	w.ask(Command{Op: Leave, Room: "a", Member: person(50)})
	if a := w.resume("a", short, at[6]); a.Recovered {
		t.Errorf("dropped messages were recovered: %+v", a)
	}
	if a := w.ask(Command{Op: PresenceStats, Room: "a", Options: short, Member: person(98)}); a.NumClients != 3 || a.NumUsers == 0 {
		t.Errorf("presence began later: %d clients, %d users", a.NumClients, a.NumUsers)
	}
	w.ask(Command{Op: Leave, Room: "a", Member: person(2)})
	w.ask(Command{Op: Leave, Room: "a", Member: person(50)})
	if a := w.ask(Command{Op: PresenceStats, Room: "a", Options: short, Member: person(98)}); a.NumClients != 1 || a.NumUsers != 1 {
		t.Errorf("after leaves: %d clients, %d users", a.NumClients, a.NumUsers)
	}

	bytes := w.h.Stats().HistoryBytes
	w.publish("a", none, "x")
	w.publish("b", none, "x")
	if st := w.h.Stats(); st.HistoryBytes != 0 || bytes == 0 || st.Rooms != 1 {
		t.Errorf("without history: %+v", st)
	}
	if a := w.resume("b", none, at[10]); a.Recovered {
		t.Error("messages of a room without history were recovered")
	}

	w.publish("a", short, "x") // presence begins once more
	if a := w.ask(Command{Op: PresenceStats, Room: "a", Options: short, Member: person(98)}); a.NumClients != 1 || a.NumUsers != 1 {
		t.Errorf("presence began again: %d clients, %d users", a.NumClients, a.NumUsers)
	}
	w.join("a", short, 3)
	w.ask(Command{Op: Leave, Room: "a", Member: person(1)})
	if users := w.s.rooms["a"].users; len(users) != 1 {
		t.Errorf("users are left over: %v", users)
	}
	w.publish("a", none, "x")

	after := w.publish("a", long, "y").Position
	w.publish("a", long, "z")
	if ps := w.history("a", long); len(ps) != 2 {
		t.Errorf("history began again with %d messages, want 2", len(ps))
	}
	if a := w.resume("a", long, after); !a.Recovered || len(a.Publications) != 1 {
		t.Errorf("the new history does not recover: %+v", a)
	}
}

func TestShorterHistoryTTLAppliesToKeptMessages(t *testing.T) {
	w := newTestWorld(t, Config{})
	day, hour := &Options{HistorySize: 10, HistoryTTL: 24 * time.Hour}, &Options{HistorySize: 10, HistoryTTL: time.Hour}
	w.publish("a", day, "old")
	w.advance(2 * time.Hour)
	w.publish("a", day, "young")
	if ps := w.history("a", hour); len(ps) != 1 || string(ps[0].Encoded[0]) != "young" {
		t.Errorf("%v", ps)
	}
}

func TestReloadedBoundsApplyFromNextCommand(t *testing.T) {
	w := newTestWorld(t, Config{MaxRooms: 2, PresenceMax: 1, HistoryMaxLimit: 5})
	o := open()
	w.join("a", o, 1)
	w.join("a", o, 2)
	w.join("b", o, 1)
	for range 20 {
		w.publish("a", o, "x")
	}
	presence := Command{Op: Presence, Room: "a", Options: o, Member: person(1)}
	if n := len(w.history("a", o)); n != 5 || w.join("c", o, 1).Err != ErrLimit || w.ask(presence).Err != ErrLimit {
		t.Fatalf("the first bounds do not hold: %d messages", n)
	}
	w.h.Reload(Config{MaxRooms: 3, PresenceMax: 2, HistoryMaxLimit: 7})
	if n := len(w.history("a", o)); n != 7 || w.join("c", o, 1).Err != nil || w.ask(presence).Err != nil {
		t.Errorf("the new bounds do not hold: %d messages", n)
	}
	w.h.Reload(Config{MaxRooms: 1, HistoryBytes: 2000})
	w.publish("a", o, "x")
	if st := w.h.Stats(); st.HistoryBytes > 2000+2000/16 || st.Rooms != 3 || w.join("d", o, 1).Err != ErrLimit {
		t.Errorf("the lower bounds do not hold: %+v", st)
	}
}

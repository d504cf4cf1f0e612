package room

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// newTestWorld returns a world on the memory log that does not check recovered
// messages against the truth.
func newTestWorld(t *testing.T, cfg Config) *world {
	w := newWorld(t, cfg)
	w.truth = func(string, uint64) []Publication { return nil }
	w.s.cfg.Encode = func(room string, p *Publication, f Form) Buffer {
		p.Encoded[f] = p.Data
		return &push{kind: "other", room: room, body: string(p.Data), form: f}
	}
	return w
}

func open() *Options { return &Options{HistorySize: 100, Presence: true, JoinLeave: true} }

func (w *world) join(room string, o *Options, conn uint64) *Answer {
	return w.ask(Command{Op: Join, Room: room, Options: o, Member: person(conn)})
}

func (w *world) publish(room string, o *Options, body string) *Answer {
	return w.ask(Command{Op: Publish, Room: room, Options: o, Member: person(99), Data: []byte(body)})
}

func (w *world) resume(room string, o *Options, since Position) *Answer {
	return w.ask(Command{Op: Join, Room: room, Options: o, Member: person(50), Recover: true, Since: since})
}

func TestMaxRoomsRefusesNewRooms(t *testing.T) {
	w, o := newTestWorld(t, Config{MaxRooms: 2}), open()
	if a := w.join("a", o, 1); a.Err != nil {
		t.Fatal(a.Err)
	}
	if a := w.publish("b", o, "kept"); a.Err != nil {
		t.Fatal(a.Err)
	}
	if a := w.join("b", o, 1); a.Err != nil {
		t.Fatal(a.Err)
	}
	if a := w.join("c", o, 1); a.Err != ErrLimit {
		t.Fatalf("join of a third room, with members in both: %v", a.Err)
	}
	if a := w.publish("c", o, "x"); a.Err != ErrLimit {
		t.Fatalf("publish to a third room with history: %v", a.Err)
	}
	if a := w.publish("d", &Options{}, "x"); a.Err != nil {
		t.Fatalf("a publish without history or members needs no room: %v", a.Err)
	}
	if a := w.join("b", o, 2); a.Err != nil {
		t.Fatalf("join of a room that exists: %v", a.Err)
	}
	w.ask(Command{Op: Leave, Room: "a", Member: person(1)})
	if a := w.join("c", o, 1); a.Err != nil || w.h.Stats().Rooms != 2 {
		t.Fatalf("a room became free: %v, %+v", a.Err, w.h.Stats())
	}
}

func TestMaxRoomsHoldsForOtherLogs(t *testing.T) {
	w := newWorld(t, Config{MaxRooms: 1, NewLog: func(_ int, s Sink) Log { return &manualLog{sink: s} }})
	if a := w.join("a", open(), 1); a.Err != nil {
		t.Fatal(a.Err)
	}
	if a := w.join("b", open(), 1); a.Err != ErrLimit {
		t.Fatalf("second room: %v", a.Err)
	}
	if n := w.h.Stats().Limits.MaxRooms; n != 1 {
		t.Errorf("the bound was reached %d times, want once", n)
	}
}

func TestPresenceRefusedAboveBounds(t *testing.T) {
	w, o := newTestWorld(t, Config{PresenceMax: 2, PresenceMaxBytes: 1000}), open()
	ask := func(op Op) *Answer { return w.ask(Command{Op: op, Room: "a", Options: o, Member: person(1)}) }
	if a := ask(Presence); a.Err != nil || len(a.Presence) != 0 {
		t.Fatalf("nobody: %+v", a)
	}
	w.join("a", o, 1)
	w.join("a", o, 5) // the same user
	if a := ask(Presence); len(a.Presence) != 2 || a.NumUsers != 1 || a.NumClients != 2 {
		t.Fatalf("two: %+v", a)
	}
	w.join("a", o, 2)
	if a := ask(Presence); a.Err != ErrLimit {
		t.Fatalf("three: %v", a.Err)
	}
	if a := ask(PresenceStats); a.NumClients != 3 || a.NumUsers != 2 {
		t.Fatalf("stats stay exact: %+v", a)
	}
	big := person(7)
	big.ChanInfo = bytes.Repeat([]byte("x"), 900)
	w.ask(Command{Op: Join, Room: "big", Options: o, Member: big})
	if a := w.ask(Command{Op: Presence, Room: "big", Options: o, Member: person(1)}); a.Err != ErrLimit {
		t.Fatalf("presence above PresenceMaxBytes: %v", a.Err)
	}
	if a := w.ask(Command{Op: Presence, Room: "a", Options: &Options{}, Member: person(1)}); a.Err != ErrUnavailable {
		t.Fatalf("without presence: %v", a.Err)
	}
}

func TestRecoveryIsCutIntoPages(t *testing.T) {
	w, o := newTestWorld(t, Config{RecoveryMaxPublications: 3, RecoveryMaxBytes: 240}), open()
	since := w.join("a", o, 1).Position
	for range 3 {
		w.publish("a", o, "x")
	}
	if a := w.resume("a", o, since); !a.Recovered || len(a.Publications) != 3 {
		t.Fatalf("three: %+v", a)
	}
	w.ask(Command{Op: Leave, Room: "a", Member: person(50)})
	w.publish("a", o, "x")
	a := w.resume("a", o, since)
	if !a.Recovered || !a.More || len(a.Publications) != 3 || a.Position.Offset != 3 {
		t.Fatalf("the first page of four: %+v", a)
	}
	if a = w.resume("a", o, a.Position); !a.Recovered || a.More || len(a.Publications) != 1 || a.Position.Offset != 4 {
		t.Fatalf("the last page of four: %+v", a)
	}
	since = w.publish("b", o, "x").Position
	for _, size := range []int{120, 120, 600} {
		w.publish("b", o, string(make([]byte, size)))
	}
	for i, more := range []bool{true, true, false} {
		if a = w.resume("b", o, since); !a.Recovered || a.More != more || len(a.Publications) != 1 {
			t.Fatalf("page %d of those with too many bytes: %+v", i, a)
		}
		since = a.Position
	}
}

func TestHistoryAnswerCutAtBytes(t *testing.T) {
	w, o := newTestWorld(t, Config{HistoryMaxBytes: 100}), open()
	for range 5 {
		w.publish("a", o, string(make([]byte, 40)))
	}
	for _, reverse := range []bool{false, true} {
		a := w.ask(Command{Op: History, Room: "a", Options: o, Member: person(1), Limit: -1, Reverse: reverse})
		if len(a.Publications) != 2 {
			t.Fatalf("reverse %v: %d publications", reverse, len(a.Publications))
		}
	}
	w.publish("a", o, string(make([]byte, 400)))
	if a := w.ask(Command{Op: History, Room: "a", Options: o, Member: person(1), Limit: 1, Reverse: true}); len(a.Publications) != 1 {
		t.Fatalf("one that is too big alone: %d", len(a.Publications))
	}
}

// big is the size of a message beside which the bookkeeping does not count:
// bigBytes(n) is a bound for exactly n such messages in a few rooms.
const big = 64 << 10

func bigBytes(n int64) int64 { return (n*big + big/2) * (roundedUp + 1) / roundedUp }

func TestHistoryBytesEvictsLeastRecentlyUsedRoom(t *testing.T) {
	w, o, body := newTestWorld(t, Config{HistoryBytes: bigBytes(4), RecoveryMaxBytes: 1 << 30}), open(), string(make([]byte, big))
	cold := w.publish("oldest", o, body).Position
	w.publish("oldest", o, body)
	w.advance(time.Second)
	warm := w.publish("newest", o, body).Position
	w.publish("newest", o, body)
	w.publish("newest", o, body) // the fifth: the oldest message of the oldest room is evicted
	if n := len(w.s.mem().rings["oldest"].buf); w.s.mem().rings["oldest"].n != 1 {
		t.Fatalf("the oldest room has %d of %d", w.s.mem().rings["oldest"].n, n)
	}
	w.publish("newest", o, body)
	if w.s.mem().rings["oldest"] != nil || w.s.mem().rings["newest"].n != 4 {
		t.Fatal("the oldest room must be evicted first, and wholly")
	}
	if used := w.h.Stats().HistoryBytes; used < 4*big || used > bigBytes(4) {
		t.Fatalf("%d bytes", used)
	}
	if a := w.resume("oldest", o, cold); a.Recovered {
		t.Fatal("evicted, and recovered")
	}
	if a := w.resume("newest", o, warm); !a.Recovered || len(a.Publications) != 3 {
		t.Fatalf("kept, and not recovered: %+v", a)
	}
}

func TestHistoryBytesAsksShardWithOldestRoom(t *testing.T) {
	w, o, body := newTestWorld(t, Config{Shards: 2, HistoryBytes: bigBytes(100)}), open(), string(make([]byte, big))
	names := w.roomPerShard()
	for range 90 {
		w.publish(names[0], o, body)
	}
	w.advance(time.Second)
	for range 30 {
		w.publish(names[1], o, body)
		w.turn() // of the shard that was asked
	}
	if a, b := w.h.shards[0].mem().rings[names[0]].n, w.h.shards[1].mem().rings[names[1]].n; a != 70 || b != 30 {
		t.Fatalf("oldest %d, newest %d", a, b)
	}
}

func TestHistoryExpires(t *testing.T) {
	w := newTestWorld(t, Config{})
	o := &Options{HistorySize: 10, HistoryTTL: time.Minute}
	since := w.publish("a", o, "x").Position
	w.advance(30 * time.Second)
	w.publish("a", o, "y")
	w.advance(31 * time.Second)
	if a := w.ask(Command{Op: History, Room: "a", Options: o, Member: person(1), Limit: -1}); len(a.Publications) != 1 {
		t.Fatalf("half expired: %v", a.Publications)
	}
	w.advance(time.Minute) // the sweep
	if len(w.s.mem().rings) != 0 || w.h.Stats().HistoryBytes != 0 || w.h.Stats().Rooms != 0 {
		t.Fatalf("left: %+v", w.h.Stats())
	}
	if a := w.resume("a", o, since); a.Recovered {
		t.Fatal("expired, and recovered")
	}
	w.ask(Command{Op: Leave, Room: "a", Member: person(50)})
	since.Offset++ // the last message: nothing was missed since
	if a := w.resume("a", o, since); !a.Recovered || a.Publications != nil {
		t.Fatalf("the position of a removed room stays valid: %+v", a)
	}
}

func TestSweepIsBounded(t *testing.T) {
	w := newTestWorld(t, Config{})
	o := &Options{HistorySize: 10, HistoryTTL: time.Minute}
	for i := range 3 * maxSweep {
		w.publish(fmt.Sprint(i), o, "x")
	}
	w.addTime(2 * time.Minute)
	w.s.turn()
	if n := len(w.s.mem().rings); n != 2*maxSweep {
		t.Fatalf("%d rings after one turn", n)
	}
	w.advance(sweepInterval / 20) // more is left: soon again
	w.advance(sweepInterval)
	if n := len(w.s.mem().rings); n != 0 {
		t.Fatalf("%d rings after three", n)
	}
}

func TestRepeatWithinWindowIsNotStored(t *testing.T) {
	w, o := newTestWorld(t, Config{IdempotencyKeys: 3}), open()
	pub := func(room, key string) *Answer {
		return w.ask(Command{Op: Publish, Room: room, Options: o, Member: person(1), Data: []byte("x"), IdempotencyKey: key})
	}
	first := pub("a", "k")
	if a := pub("a", "k"); !a.Repeat || a.Position != first.Position {
		t.Fatalf("repeat: %+v", a)
	}
	if a := pub("b", "k"); a.Repeat {
		t.Fatal("a key of another room")
	}
	w.advance(5*time.Minute - 1)
	if a := pub("a", "k"); !a.Repeat {
		t.Fatal("within the window")
	}
	w.advance(1)
	if a := pub("a", "k"); a.Repeat {
		t.Fatal("after the window")
	}
	pub("a", "l")
	pub("a", "m")
	pub("a", "n")
	if a := pub("a", "k"); a.Repeat || w.s.keys.len() != 3 || len(w.s.keys.keys) != 3 {
		t.Fatalf("more keys than are kept: %+v, %d", a, w.s.keys.len())
	}
	w.advance(time.Hour)
	if len(w.s.keys.keys) != 0 {
		t.Fatal("swept")
	}
}

func TestIdempotencyKeyIsPerPublisher(t *testing.T) {
	anon := func(client byte) *Info { return &Info{Client: ID{client}} }
	user := func(client byte, name string) *Info { return &Info{Client: ID{client}, User: name} }
	for _, c := range []struct {
		name          string
		first, second *Info
		repeat        bool
	}{
		{"the same connection", anon(1), anon(1), true},
		{"two anonymous connections", anon(1), anon(2), false},
		{"two connections of a user", user(1, "ann"), user(2, "ann"), true},
		{"two users", user(1, "ann"), user(1, "bob"), false},
		{"a user and an anonymous connection", user(1, "ann"), anon(1), false},
		{"a user named as the bytes of a client", anon('x'), user(2, "x\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), false},
		{"the server twice", nil, nil, true},
		{"the server and a user", nil, user(1, "ann"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, o := newTestWorld(t, Config{}), open()
			post := func(from *Info) *Answer {
				return w.ask(Command{Op: Publish, Room: "a", Options: o, Member: person(1), From: from, Data: []byte("x"), IdempotencyKey: "1"})
			}
			first, second := post(c.first), post(c.second)
			if first.Repeat || second.Repeat != c.repeat || (first.Position == second.Position) != c.repeat {
				t.Errorf("%+v, then %+v", first, second)
			}
		})
	}
	a, b := Command{IdempotencyKey: "bk", From: user(1, "a")}, Command{IdempotencyKey: "k", From: user(1, "ab")}
	if a.ownKey() == b.ownKey() {
		t.Error("where the user ends and the key begins is not in the hash")
	}
}

func TestPublishRefusedWhileLoopIsBusy(t *testing.T) {
	w, o := newTestWorld(t, Config{}), open()
	w.join("a", o, 1)
	w.join("b", o, 2)
	w.busy[1] = true
	if a := w.publish("a", o, "x"); a.Err != ErrBusy {
		t.Fatalf("a member is on the busy loop: %v", a.Err)
	}
	if a := w.publish("b", o, "x"); a.Err != nil {
		t.Fatalf("none is: %v", a.Err)
	}
	if n := w.h.Stats().Refused; n != 1 {
		t.Fatalf("%d refused", n)
	}
}

func TestCommandsRefusedWhenMailboxIsFull(t *testing.T) {
	w, o := newTestWorld(t, Config{Mailbox: 2}), open()
	c := Command{Op: Publish, Room: "a", Options: o}
	for i, want := range []error{nil, nil, ErrBusy} {
		if err := w.h.Submit(c); err != want {
			t.Fatalf("command %d: %v", i, err)
		}
	}
	if n := w.h.Stats().Limits.Mailbox; n != 1 {
		t.Errorf("%d commands are counted as refused", n)
	}
	w.do(Command{Op: Leave, Room: "a", Member: person(1)}, nil) // never refused
	w.turn()
	if err := w.h.Submit(c); err != nil {
		t.Fatal(err)
	}
}

func TestInvalidCommandsAreRefused(t *testing.T) {
	w, o := newTestWorld(t, Config{}), open()
	for name, c := range map[string]Command{
		"no op":      {Room: "a", Options: o},
		"no options": {Op: Publish, Room: "a"},
		"no conn":    {Op: Join, Room: "a", Options: o, Member: Member{Info: &Info{}}},
		"no info":    {Op: Join, Room: "a", Options: o, Member: Member{Conn: 1}},
		"no loop":    {Op: Join, Room: "a", Options: o, Member: Member{Conn: 1, Loop: 3, Info: &Info{}}},
		"minus loop": {Op: Publish, Room: "a", Options: o, Member: Member{Loop: -1}},
	} {
		if err := w.h.Submit(c); err != ErrInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnswerGoesToDone(t *testing.T) {
	w, o := newTestWorld(t, Config{}), open()
	var got []Answer
	w.h.Submit(Command{Op: Publish, Room: "a", Options: o, Token: 7, Done: func(a Answer) { got = append(got, a) }})
	w.h.Submit(Command{Op: Publish, Room: "a", Options: o}) // without an answer
	w.turn()
	if len(got) != 1 || got[0].Token != 7 || got[0].Position.Offset != 1 {
		t.Fatalf("%+v", got)
	}
}

func TestSweepContinuesBehindRemovedRing(t *testing.T) {
	w := newTestWorld(t, Config{})
	short, long := &Options{HistorySize: 1, HistoryTTL: time.Minute}, &Options{HistorySize: 1}
	w.publish("a", short, "x")
	w.publish("b", long, "x")
	w.s.mem().idle.hand = w.s.mem().rings["a"]
	w.s.now += 2 * time.Minute
	w.s.history(&Command{Op: History, Room: "a", Options: short})
	w.s.mem().Sweep()
	w.s.mem().Sweep()
	if w.s.mem().rings["a"] != nil || w.s.mem().rings["b"] == nil || w.s.mem().idle.n != 1 {
		t.Fatalf("%v", w.s.mem().rings)
	}
}

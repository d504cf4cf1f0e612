package room

import (
	"errors"
	"testing"
	"time"
)

// manualLog is a log that records its calls. The test answers them.
type manualLog struct {
	sink    Sink
	silent  bool
	reads   []uint64
	queries []Query
	appends []uint64
	opened  int
	closed  int
	down    bool
	err     error
}

func (l *manualLog) Open(string, *Options) error {
	if l.err == nil {
		l.opened++
	}
	return l.err
}
func (l *manualLog) Close(string) { l.closed++ }
func (l *manualLog) Shutdown()    { l.down = true }

func (l *manualLog) Append(token uint64, a Append) { l.appends = append(l.appends, token) }

func (l *manualLog) Read(token uint64, q Query) {
	l.reads, l.queries = append(l.reads, token), append(l.queries, q)
	if !l.silent {
		l.sink.Found(token, Result{Position: Position{10, "e"}, Complete: true})
	}
}

func newManualLog(t *testing.T, cfg Config) (*world, *manualLog) {
	l := &manualLog{silent: true}
	cfg.NewLog = func(_ int, s Sink) Log { l.sink = s; return l }
	w := newTestWorld(t, cfg)
	w.ejected = func(place) {}
	return w, l
}

func TestLeaveCancelsPendingJoin(t *testing.T) {
	w, l := newManualLog(t, Config{})
	var joined, left *Answer
	keep := func(to **Answer) func(*Answer) { return func(a *Answer) { b := *a; *to = &b } }
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, keep(&joined))
	w.turn()
	w.do(Command{Op: Leave, Room: "a", Member: person(1)}, keep(&left))
	w.turn()
	if joined == nil || joined.Err != ErrLeft || left == nil || left.Err != nil {
		t.Fatalf("join %+v, leave %+v", joined, left)
	}
	l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}})
	w.turn()
	if len(w.s.rooms) != 0 || l.closed != 1 || w.s.waits.n != 0 {
		t.Fatal("the answer that came later must change nothing")
	}
	if a := w.ask(Command{Op: Leave, Room: "a", Member: person(1)}); a.Err != ErrNotMember {
		t.Fatalf("second leave: %v", a.Err)
	}
}

func TestUnansweredPublishIsNotAcknowledged(t *testing.T) {
	w, l := newManualLog(t, Config{})
	var answers []error
	note := func(a *Answer) { answers = append(answers, a.Err) }
	c := Command{Op: Publish, Room: "a", Options: open(), Member: person(1), IdempotencyKey: "k"}
	w.do(c, note)
	w.do(c, note) // a repeat while the first is in flight: not handed over
	w.turn()
	if len(l.appends) != 1 || len(answers) != 0 {
		t.Fatalf("%d handed over, %d answered", len(l.appends), len(answers))
	}
	w.advance(5 * time.Second)
	if len(answers) != 2 || answers[0] != ErrTemporary || answers[1] != ErrTemporary {
		t.Fatalf("%v", answers)
	}
	l.sink.Appended(l.appends[0], Stored{Position: Position{7, "e"}}) // too late
	w.do(c, note)                                                     // the retry is the log's to recognise
	w.turn()
	if len(answers) != 2 || len(l.appends) != 2 {
		t.Fatalf("%v, %d handed over", answers, len(l.appends))
	}
	l.sink.Appended(l.appends[1], Stored{Err: errors.New("broken pipe")})
	w.turn()
	if len(answers) != 3 || answers[2] != ErrTemporary {
		t.Fatalf("%v", answers)
	}
}

func TestCommandsRefusedAboveMaxInFlight(t *testing.T) {
	w, l := newManualLog(t, Config{MaxInFlight: 1})
	c := Command{Op: Publish, Room: "a", Options: open(), Member: person(1)}
	w.do(c, nil)
	if a := w.ask(c); a.Err != ErrBusy {
		t.Fatalf("second publish: %v", a.Err)
	}
	if a := w.join("a", open(), 1); a.Err != ErrBusy || len(w.s.rooms) != 0 {
		t.Fatalf("join: %v", a.Err)
	}
	l.sink.Appended(l.appends[0], Stored{})
	if w.turn(); w.s.waits.n != 0 {
		t.Fatal("still in flight")
	}
}

func TestJoinRefusedWhenLogRefusesRoom(t *testing.T) {
	w, l := newManualLog(t, Config{})
	l.err = ErrUnavailable
	if a := w.join("a", open(), 1); a.Err != ErrUnavailable || w.h.Stats().Rooms != 0 {
		t.Fatalf("%v, %+v", a.Err, w.h.Stats())
	}
}

// TestJoinOfReadyRoomReadsNoLog: the second member of a room gets its position from the room, at once.
func TestJoinOfReadyRoomReadsNoLog(t *testing.T) {
	w, l := newManualLog(t, Config{})
	join := func(id uint64) (a *Answer) {
		w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(id)}, func(b *Answer) { c := *b; a = &c })
		w.turn()
		if len(l.reads) == 1 && id == 1 {
			l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}, Complete: true})
			w.turn()
		}
		return a
	}
	for id := range uint64(2) {
		if a := join(id + 1); a == nil || a.Err != nil || a.Position.Offset != 10 || len(l.reads) != 1 {
			t.Fatalf("member %d: %+v, %d reads", id+1, a, len(l.reads))
		}
	}
}

func TestChangedEpochEjectsMembers(t *testing.T) {
	w, l := newManualLog(t, Config{})
	var out []place
	w.ejected = func(k place) { out = append(out, k) }
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, nil)
	w.turn()
	l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}})
	w.turn()
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(2), Recover: true, Since: Position{3, "f"}}, nil)
	w.turn()
	l.sink.Found(l.reads[1], Result{Position: Position{4, "f"}, Complete: true, Publications: []Publication{{Offset: 4, Prev: 3, Data: []byte("x")}}})
	w.turn()
	if len(out) != 1 || out[0].conn != 1 {
		t.Fatalf("ejected: %v", out)
	}
	if r := w.s.rooms["a"]; len(r.members) != 1 || r.head != 4 || r.epoch != "f" {
		t.Fatalf("%+v", r)
	}
}

func TestGapIsRepairedInPages(t *testing.T) {
	w, l := newManualLog(t, Config{})
	w.truth = func(_ string, after uint64) []Publication {
		if after < 10 {
			after = 10
		}
		return []Publication{{Offset: after + 1, Data: []byte("x")}}
	}
	w.s.cfg.Encode = w.encode
	msg := func(o uint64) Publication { return Publication{Offset: o, Prev: o - 1, Data: []byte("x")} }
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, nil)
	w.turn()
	l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}})
	p := msg(15)
	l.sink.Message("a", &p)
	w.turn()
	l.sink.Found(l.reads[1], Result{Position: Position{15, "e"}, Publications: []Publication{msg(11), msg(12)}})
	w.turn()
	if w.s.rooms["a"].head != 12 || len(l.reads) != 3 || l.queries[2].Since.Offset != 12 {
		t.Fatalf("after a page: %d, %v", w.s.rooms["a"].head, l.queries)
	}
	l.sink.Found(l.reads[2], Result{Position: Position{15, "e"}, Complete: true, Publications: []Publication{msg(13), msg(14), msg(15)}})
	w.turn()
	if r := w.s.rooms["a"]; r.head != 15 || r.sync != nil {
		t.Fatalf("%+v", r)
	}
}

func TestMessagesBeyondFeedBoundAreReadLater(t *testing.T) {
	w, l := newManualLog(t, Config{Mailbox: 1})
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, nil)
	w.turn()
	l.sink.Found(l.reads[0], Result{Position: Position{0, "e"}})
	w.turn()
	for i := range uint64(6) {
		l.sink.Message("a", &Publication{Offset: i + 1, Prev: i, Data: []byte("x")})
	}
	if n := w.s.box.waiting(); w.s.feed.n.Load() != 4 || n != 0 {
		t.Fatalf("%d messages wait", w.s.feed.n.Load())
	}
	w.turn()
	w.advance(sweepInterval)
	w.advance(gapCheckDelay)
	if len(l.queries) != 2 || l.queries[1].Since.Offset != 4 {
		t.Fatalf("%+v", l.queries)
	}
}

// A client has received more on another node than the feed has brought to this
// one: its join waits for the feed.
func TestJoinAheadOfFeedWaits(t *testing.T) {
	w, l := newManualLog(t, Config{})
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, nil)
	w.turn()
	l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}})
	var joined *Answer
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(2), Recover: true, Since: Position{12, "e"}},
		func(a *Answer) { b := *a; joined = &b })
	w.turn()
	l.sink.Found(l.reads[1], Result{Position: Position{12, "e"}, Complete: true})
	l.sink.Message("a", &Publication{Offset: 11, Prev: 10, Data: []byte("x")})
	if w.turn(); joined != nil {
		t.Fatalf("joined before the feed was there: %+v", joined)
	}
	l.sink.Message("a", &Publication{Offset: 12, Prev: 11, Data: []byte("x")})
	w.turn()
	if joined == nil || !joined.Recovered || joined.Publications != nil || joined.Position.Offset != 12 {
		t.Fatalf("%+v", joined)
	}
}

// A message that was acknowledged but does not come is read after gapCheckDelay.
func TestLostLastMessageIsRead(t *testing.T) {
	w, l := newManualLog(t, Config{})
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, nil)
	w.turn()
	l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}})
	w.do(Command{Op: Publish, Room: "a", Options: open(), Member: person(1), Data: []byte("x")}, nil)
	w.turn()
	l.sink.Appended(l.appends[0], Stored{Position: Position{11, "e"}})
	w.turn()
	w.advance(gapCheckDelay - 1)
	if len(l.reads) != 1 {
		t.Fatal("too soon")
	}
	w.advance(1)
	if len(l.reads) != 2 || l.queries[1].Since.Offset != 10 {
		t.Fatalf("%+v", l.queries)
	}
	l.sink.Found(l.reads[1], Result{Position: Position{11, "e"}, Complete: true, Publications: []Publication{{Offset: 11, Prev: 10, Data: []byte("x")}}})
	w.turn()
	if r := w.s.rooms["a"]; r.head != 11 || r.sync != nil || w.h.Stats().Gaps != 1 {
		t.Fatalf("%+v, %+v", r, w.h.Stats())
	}
}

// The log never answers the repair: it is tried maxFailedRepairs times more.
func TestMembersEjectedWhenGapCannotBeRepaired(t *testing.T) {
	w, l := newManualLog(t, Config{})
	out := 0
	w.ejected = func(place) { out++ }
	for conn := range uint64(3) {
		w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(conn + 1)}, nil)
		w.turn()
		l.sink.Found(l.reads[len(l.reads)-1], Result{Position: Position{10, "e"}})
		w.turn()
	}
	l.sink.Message("a", &Publication{Offset: 15, Prev: 14, Data: []byte("x")})
	w.turn()
	for range maxFailedRepairs {
		w.advance(5 * time.Second)
	}
	if out != 0 {
		t.Fatal("too soon")
	}
	w.advance(5 * time.Second)
	if out != 3 || len(w.s.rooms) != 0 || l.closed != 1 || w.h.Stats().Members != 0 {
		t.Fatalf("%d ejected, %+v", out, w.h.Stats())
	}
}

// Messages that are broadcast during the read of a recovery belong to it. If
// they are more than one answer may hold, the client gets a page and joins
// again.
func TestRecoveryIncludesBroadcastsDuringRead(t *testing.T) {
	for n, more := range map[uint64]bool{2: false, 3: true} {
		w, l := newManualLog(t, Config{RecoveryMaxPublications: 2})
		w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, nil)
		w.turn()
		l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}})
		var joined *Answer
		w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(2), Recover: true, Since: Position{9, "e"}},
			func(a *Answer) { b := *a; joined = &b })
		w.turn()
		for i := range n {
			l.sink.Message("a", &Publication{Offset: 11 + i, Prev: 10 + i, Data: []byte("x")})
		}
		w.turn()
		// Offset 10 is a position of the stream, not of a message of the room.
		l.sink.Found(l.reads[1], Result{Position: Position{10, "e"}, Complete: true})
		w.turn()
		if joined == nil || !joined.Recovered || joined.More != more || more == (len(joined.Publications) == int(n)) {
			t.Fatalf("%d broadcasts: %+v", n, joined)
		}
	}
}

// A key whose first publish failed is new again, for a whole window.
func TestKeyOfFailedPublishCanBeUsedAgain(t *testing.T) {
	w, l := newManualLog(t, Config{LogTimeout: time.Hour})
	c := Command{Op: Publish, Room: "a", Options: open(), Member: person(1), IdempotencyKey: "k"}
	w.do(c, nil)
	w.turn()
	l.sink.Appended(l.appends[0], Stored{Err: ErrLimit})
	w.advance(4 * time.Minute)
	w.do(c, nil)
	w.turn()
	l.sink.Appended(l.appends[1], Stored{Position: Position{5, "e"}})
	w.advance(2 * time.Minute) // the sweep meets the first use, not the second
	if a := w.ask(c); !a.Repeat || a.Position.Offset != 5 {
		t.Fatalf("%+v", a)
	}
}

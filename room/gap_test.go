package room

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// newOpenRoom returns a world on a manualLog, with room "a" at offset 10 and one
// member.
func newOpenRoom(t *testing.T, cfg Config) (*world, *manualLog) {
	t.Helper()
	w, l := newManualLog(t, cfg)
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(1)}, nil)
	w.turn()
	l.sink.Found(l.reads[0], Result{Position: Position{10, "e"}})
	w.turn()
	return w, l
}

// A feed that is behind the acknowledgements causes one read, not one for each
// acknowledgement, and one queued gap check for a room.
func TestOneGapCheckPerRoom(t *testing.T) {
	w, l := newOpenRoom(t, Config{})
	const publishes = 50
	for i := range uint64(publishes) {
		w.do(Command{Op: Publish, Room: "a", Options: open(), Member: person(1), Data: []byte("x")}, nil)
		w.turn()
		l.sink.Appended(l.appends[i], Stored{Position: Position{11 + i, "e"}})
		w.turn()
	}
	if n := w.s.gapChecks.len(); n != 1 {
		t.Errorf("%d gap checks are queued, want 1", n)
	}
	w.advance(gapCheckDelay)
	if n := len(l.reads) - 1; n != 1 {
		t.Errorf("the log is read %d times, want once", n)
	}
	for i := range uint64(publishes) {
		l.sink.Message("a", &Publication{Offset: 11 + i, Prev: 10 + i, Data: []byte("x")})
	}
	l.sink.Found(l.reads[1], Result{Position: Position{10 + publishes, "e"}, Complete: true})
	w.turn()
	w.advance(gapCheckDelay)
	if r := w.s.rooms["a"]; r.head != 10+publishes || r.sync != nil || w.s.gapChecks.len() != 0 || len(l.reads) != 2 {
		t.Errorf("after all messages: head %d, %+v, %d gap checks, %d reads", r.head, r.sync, w.s.gapChecks.len(), len(l.reads))
	}
}

// Messages behind a gap are buffered until it is repaired. Those beyond the bound
// are read from the log.
func TestMessagesBufferedBehindAGapAreBounded(t *testing.T) {
	w, l := newOpenRoom(t, Config{RecoveryMaxPublications: 10 * maxBuffered})
	const behind = maxBuffered + 100
	for i := range uint64(behind) {
		l.sink.Message("a", &Publication{Offset: 12 + i, Prev: 11 + i, Data: []byte("x")})
		if i%100 == 0 {
			w.turn()
		}
	}
	w.turn()
	if n := len(w.s.rooms["a"].sync.buffered); n != maxBuffered {
		t.Fatalf("%d messages are buffered, want %d", n, maxBuffered)
	}
	l.sink.Found(l.reads[1], Result{Position: Position{11, "e"}, Complete: true, Publications: []Publication{{Offset: 11, Prev: 10, Data: []byte("x")}}})
	w.turn()
	if r := w.s.rooms["a"]; r.head != 11+maxBuffered {
		t.Fatalf("the members have %d, want %d", r.head, 11+maxBuffered)
	}
	w.advance(gapCheckDelay)
	w.advance(gapCheckDelay) // the gap check of before the repair runs first
	if last := l.queries[len(l.queries)-1]; len(l.queries) != 3 || last.Since.Offset != 11+maxBuffered {
		t.Errorf("the messages that were not buffered are not read: %+v", l.queries)
	}
}

// Messages that are broadcast during the read of a recovery are kept for the
// join, up to the size of one answer.
func TestTailKeptForPendingJoinsIsBounded(t *testing.T) {
	w, l := newOpenRoom(t, Config{RecoveryMaxPublications: 20})
	var joined *Answer
	w.do(Command{Op: Join, Room: "a", Options: open(), Member: person(2), Recover: true, Since: Position{9, "e"}},
		func(a *Answer) { b := *a; joined = &b })
	w.turn()
	for i := range uint64(1000) {
		l.sink.Message("a", &Publication{Offset: 11 + i, Prev: 10 + i, Data: []byte("x")})
		w.turn()
		if n := len(w.s.rooms["a"].sync.tail); n > 20 {
			t.Fatalf("%d messages are kept for a joiner, want at most 20", n)
		}
	}
	l.sink.Found(l.reads[1], Result{Position: Position{10, "e"}, Complete: true, Publications: []Publication{{Offset: 10, Prev: 9, Data: []byte("x")}}})
	w.turn()
	if joined == nil || !joined.Recovered || !joined.More || joined.Position.Offset != 10 {
		t.Errorf("joined %+v, want one page", joined)
	}
}

// The log never answers the read of a repair. Close waits LogTimeout for it and
// the members, which are about to be disconnected, get no event.
func TestCloseDuringARepair(t *testing.T) {
	defer goleak.VerifyNone(t)
	const timeout = 50 * time.Millisecond
	l := &manualLog{silent: true}
	var told []Event
	h := New(Config{Shards: 1, LogTimeout: timeout, NewLog: func(_ int, s Sink) Log { l.sink = s; return l },
		Encode:  func(_ string, p *Publication, f Form) Buffer { p.Encoded[f] = p.Data; return p },
		Deliver: func(_ int, events []Event) { told = append(told, events...) },
		Clock:   func() (time.Time, time.Duration) { return time.Unix(1, 0), 0 }})
	joined := make(chan Answer, 1)
	h.Submit(Command{Op: Join, Room: "a", Options: &Options{HistorySize: 10}, Member: person(3), Done: func(a Answer) { joined <- a }})
	read := make(chan uint64)
	h.shards[0].box.put(&node{kind: call, call: func() { read <- l.reads[0] }})
	l.sink.Found(<-read, Result{Position: Position{10, "e"}})
	<-joined
	l.sink.Message("a", &Publication{Offset: 15, Prev: 14, Data: []byte("x")})
	began := time.Now()
	h.Close()
	if d := time.Since(began); d < timeout {
		t.Errorf("Close waited %v for the log, want %v", d, timeout)
	}
	if len(l.reads) != 2 || !l.down {
		t.Errorf("%d reads, want the join's and one repair; shut down: %v", len(l.reads), l.down)
	}
	if len(told) != 0 {
		t.Errorf("the members got %+v", told)
	}
}

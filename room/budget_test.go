package room

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// onEachShard returns one room name for each shard.
func (w *world) onEachShard() []string {
	names := make([]string, len(w.h.shards))
	for i, missing := 0, len(names); missing > 0; i++ {
		name := fmt.Sprint("r", i)
		if at := slices.Index(w.h.shards, w.h.shard(name)); names[at] == "" {
			names[at], missing = name, missing-1
		}
	}
	return names
}

// submit hands a publish to the mailbox of its shard, which does not run.
func (w *world) submit(room string, o *Options, body string) {
	w.do(Command{Op: Publish, Room: room, Options: o, Member: person(99), Body: []byte(body)}, nil)
}

// queued is the number of entries in the mailbox of a shard that does not run.
func queued(s *shard) (n int) {
	for e := s.box.head.next.Load(); e != nil; e = e.next.Load() {
		n++
	}
	return n
}

// TestHistoryBytesWhileTheColdestShardIsBusy: the shard that has the coldest rooms does not come to its mailbox. The
// others may be over the bound by a sixteenth and by the message in hand, then they drop their own.
func TestHistoryBytesWhileTheColdestShardIsBusy(t *testing.T) {
	w, o := lab(t, Config{Shards: 2, HistoryBytes: bigs(100)}), open()
	body, names := string(make([]byte, big)), w.onEachShard()
	for range 90 {
		w.submit(names[0], o, body)
	}
	w.turn()
	w.advance(time.Second)
	for range 300 {
		w.submit(names[1], o, body)
		w.h.shards[1].turn()
		if used := w.h.Stats().HistoryBytes; used > bigs(100)+bigs(100)/16 {
			t.Fatalf("%d bytes are kept, the bound is %d", used, bigs(100))
		}
	}
	if n := w.h.shards[0].mem().rings[names[0]].n; n != 90 {
		t.Fatalf("the busy shard has %d messages", n)
	}
	if n := queued(w.h.shards[0]); n != 1 {
		t.Errorf("%d requests wait in its mailbox, want 1", n)
	}
	w.turn()
	w.submit(names[1], o, body)
	w.turn() // of shard 0, and then of shard 1, which asks it
	w.turn()
	if a, b := w.h.shards[0].mem().rings[names[0]].n, w.h.shards[1].mem().rings[names[1]].n; a+b != 100 || a >= 90 {
		t.Errorf("once it runs: cold %d, warm %d", a, b)
	}
}

// TestHistoryBytesOfAShardThatKeepsNothing: the bound was lowered, and the shard that notices has nothing to drop.
func TestHistoryBytesOfAShardThatKeepsNothing(t *testing.T) {
	w, o := lab(t, Config{Shards: 2, HistoryBytes: bigs(100)}), open()
	body, names := string(make([]byte, big)), w.onEachShard()
	for range 50 {
		w.submit(names[0], o, body)
	}
	w.turn()
	w.h.Reload(Config{HistoryBytes: bigs(10)})
	w.submit(names[1], &Options{}, "not kept")
	w.h.shards[1].turn()
	w.h.shards[0].turn()
	if used := w.h.Stats().HistoryBytes; used > bigs(10) || used < 10*big {
		t.Errorf("%d bytes are kept, the bound is %d", used, bigs(10))
	}
}

// TestHistoryBytesBesideAnUnusedShard: a shard without rooms is not the coldest one.
func TestHistoryBytesBesideAnUnusedShard(t *testing.T) {
	w, o := lab(t, Config{Shards: 2, HistoryBytes: bigs(100)}), &Options{HistorySize: 1000}
	name := w.onEachShard()[0]
	w.pass(time.Second) // not at the beginning of time, when everything is cold
	for range 120 {
		w.submit(name, o, string(make([]byte, big)))
	}
	w.h.shards[0].turn()
	if used := w.h.Stats().HistoryBytes; used > bigs(100) || used < 100*big {
		t.Errorf("%d bytes are kept, the bound is %d", used, bigs(100))
	}
	if n := queued(w.h.shards[1]); n > 0 {
		t.Errorf("a shard that keeps nothing was asked %d times", n)
	}
}

package room

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// roomPerShard returns one room name for each shard.
func (w *world) roomPerShard() []string {
	names := make([]string, len(w.h.shards))
	for i, missing := 0, len(names); missing > 0; i++ {
		name := fmt.Sprint("r", i)
		if at := slices.Index(w.h.shards, w.h.shard(name)); names[at] == "" {
			names[at], missing = name, missing-1
		}
	}
	return names
}

// submit puts a publish into the mailbox of its shard and runs no turn.
func (w *world) submit(room string, o *Options, body string) {
	w.do(Command{Op: Publish, Room: room, Options: o, Member: person(99), Data: []byte(body)}, nil)
}

// queued counts the entries in the mailbox of a shard that is not running.
func queued(s *shard) (n int) {
	for e := s.box.head.next.Load(); e != nil; e = e.next.Load() {
		n++
	}
	return n
}

// The shard with the oldest rooms does not read its mailbox. The others may exceed
// the bound by a sixteenth and one message; then they evict their own messages.
func TestHistoryBytesWhileOldestShardIsBusy(t *testing.T) {
	w, o := newTestWorld(t, Config{Shards: 2, HistoryBytes: bigBytes(100)}), open()
	body, names := string(make([]byte, big)), w.roomPerShard()
	for range 90 {
		w.submit(names[0], o, body)
	}
	w.turn()
	w.advance(time.Second)
	for range 300 {
		w.submit(names[1], o, body)
		w.h.shards[1].turn()
		if used := w.h.Stats().HistoryBytes; used > bigBytes(100)+bigBytes(100)/16 {
			t.Fatalf("%d bytes are kept, the bound is %d", used, bigBytes(100))
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
	w.turn() // of shard 0, and of shard 1, which asks shard 0
	w.turn()
	if a, b := w.h.shards[0].mem().rings[names[0]].n, w.h.shards[1].mem().rings[names[1]].n; a+b != 100 || a >= 90 {
		t.Errorf("once it runs: oldest %d, newest %d", a, b)
	}
}

func TestLoweredHistoryBytesNoticedByEmptyShard(t *testing.T) {
	w, o := newTestWorld(t, Config{Shards: 2, HistoryBytes: bigBytes(100)}), open()
	body, names := string(make([]byte, big)), w.roomPerShard()
	for range 50 {
		w.submit(names[0], o, body)
	}
	w.turn()
	w.h.Reload(Config{HistoryBytes: bigBytes(10)})
	w.submit(names[1], &Options{}, "not kept")
	w.h.shards[1].turn()
	w.h.shards[0].turn()
	if used := w.h.Stats().HistoryBytes; used > bigBytes(10) || used < 10*big {
		t.Errorf("%d bytes are kept, the bound is %d", used, bigBytes(10))
	}
}

func TestEmptyShardIsNotAskedToEvict(t *testing.T) {
	w, o := newTestWorld(t, Config{Shards: 2, HistoryBytes: bigBytes(100)}), &Options{HistorySize: 1000}
	name := w.roomPerShard()[0]
	w.addTime(time.Second) // not at time 0, when no room is older
	for range 120 {
		w.submit(name, o, string(make([]byte, big)))
	}
	w.h.shards[0].turn()
	if used := w.h.Stats().HistoryBytes; used > bigBytes(100) || used < 100*big {
		t.Errorf("%d bytes are kept, the bound is %d", used, bigBytes(100))
	}
	if n := queued(w.h.shards[1]); n > 0 {
		t.Errorf("a shard that keeps nothing was asked %d times", n)
	}
}

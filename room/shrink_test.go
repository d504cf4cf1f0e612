package room

import (
	"fmt"
	"testing"
	"time"
)

// A map that had many entries is replaced when few are left. One whose size goes up
// and down is not.
func TestMapsShrink(t *testing.T) {
	m, p, anew := map[int]int{}, peak(0), 0
	drop := func(i int) {
		before := p
		if deleteShrinking(&m, &p, i); p < before {
			anew++
		}
	}
	for i := range 100_000 {
		m[i] = i
	}
	for i := range 99_000 {
		drop(i)
	}
	if p > 100_000/shrinkAt || len(m) != 1000 || anew == 0 {
		t.Errorf("%d entries in a map for %d, made anew %d times", len(m), p, anew)
	}
	for i := 99_000; i < 100_000; i++ {
		if m[i] != i {
			t.Fatalf("entry %d is %d", i, m[i])
		}
	}
	anew = 0
	for i := range 1_000_000 {
		m[i%2000] = i
		drop((i + 1000) % 2000)
	}
	if anew > 0 {
		t.Errorf("a map of steady size was made anew %d times", anew)
	}
}

// The maps are those of rooms, rings, members, users, keys and publishers.
func TestShardMapsShrinkAfterManyLeaves(t *testing.T) {
	const crowd = 5000
	w := newTestWorld(t, Config{})
	o := &Options{HistorySize: 5, HistoryTTL: time.Minute, Presence: true}
	for i := range uint64(crowd) {
		who := Member{Conn: i + 1, Info: &Info{Client: ID{byte(i), byte(i >> 8)}, User: fmt.Sprint(i)}}
		own := fmt.Sprint("own", i)
		w.do(Command{Op: Join, Room: own, Options: o, Member: who}, nil)
		w.do(Command{Op: Join, Room: "all", Options: o, Member: who}, nil)
		w.do(Command{Op: Publish, Room: own, Options: o, Member: who, From: who.Info, Data: []byte("x"), IdempotencyKey: "k"}, nil)
		w.turn()
	}
	for i := range uint64(crowd - 10) {
		w.leaveAll(i+1, fmt.Sprint("own", i), "all")
	}
	w.turn()
	for range 20 {
		w.advance(time.Minute)
	}
	all := w.s.rooms["all"]
	for what, most := range map[string]peak{
		"rooms": w.s.peakRooms, "rings": w.s.mem().peakRings, "members": all.peakMembers, "users": all.peakUsers,
		"keys": w.s.keys.peak, "publishers": w.s.mem().publishers.peak,
	} {
		if most > crowd/shrinkAt {
			t.Errorf("the map of %s is still one for %d", what, most)
		}
	}
}

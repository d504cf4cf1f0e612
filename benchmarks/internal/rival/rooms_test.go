package rival

import (
	"slices"
	"sync"
	"testing"
)

func TestRoomsJoinAndLeave(t *testing.T) {
	var all Rooms[int]
	a := all.Join("a", 1)
	all.Join("a", 2)
	all.Join("a", 3)
	b := all.Join("b", 4)
	heard := func(r *Room[int]) (got []int) {
		r.Each(func(m int) { got = append(got, m) })
		return got
	}
	a.Leave(2)
	a.Leave(2)
	if got := heard(a); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("in a are %v", got)
	}
	b.Leave(4)
	if again := all.Join("b", 5); again == b || !slices.Equal(heard(again), []int{5}) {
		t.Errorf("an empty room stays")
	}
}

func TestRoomsManyGoroutines(t *testing.T) {
	var all Rooms[int]
	var done sync.WaitGroup
	for m := range 8 {
		done.Go(func() {
			for range 200 {
				r := all.Join("x", m)
				r.Each(func(int) {})
				r.Leave(m)
			}
		})
	}
	done.Wait()
	if len(all.byName) != 0 {
		t.Errorf("%d rooms are left", len(all.byName))
	}
}

func TestTargetNamesRoomOrEcho(t *testing.T) {
	for target, want := range map[string]string{"/?room=a": "a", "/?room=a+b&x": "a b", "/": "", "/?room=%zz": ""} {
		if room, echo := Target(target); room != want || echo {
			t.Errorf("%s: %q, %v", target, room, echo)
		}
	}
	if _, echo := Target("/echo"); !echo {
		t.Error("/echo is a room")
	}
}

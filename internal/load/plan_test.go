package load

import (
	"maps"
	"slices"
	"testing"
)

// Every client is in exactly one part, and each room has the number of senders that was asked for.
func TestPlanAssignsEveryClientOnce(t *testing.T) {
	for _, c := range []struct{ connections, rooms, parts int }{{100, 1, 3}, {1000, 7, 2}, {1000, 100, 4}, {17, 17, 5}, {100, 1, 1}} {
		all := plan(c.connections, c.rooms)
		seen := map[int]int{}
		for i := range c.parts {
			for _, s := range part(all, i, c.parts) {
				for id := s.from; id < s.to; id++ {
					seen[id]++
				}
				if s.split != (s.to-s.from != s.size) {
					t.Errorf("%+v: %+v", c, s)
				}
			}
		}
		if len(seen) != c.connections || slices.Max(slices.Collect(maps.Values(seen))) != 1 {
			t.Errorf("%+v: %d clients", c, len(seen))
		}
		senders := 0
		for id := range all[0].to {
			if all[0].sends(id, 4) {
				senders++
			}
		}
		if senders != min(4, all[0].size) {
			t.Errorf("%+v: %d senders", c, senders)
		}
	}
}

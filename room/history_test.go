package room

import (
	"slices"
	"testing"
)

// Each answer that a bound cuts, by number or by bytes, forward or in reverse, says
// that there is more, and all answers together are the history.
func TestHistoryPagesMakeUpTheWhole(t *testing.T) {
	const n = 10
	for _, c := range []struct {
		name  string
		cfg   Config
		limit int // of each command
		want  int // answers
	}{
		{"everything at once", Config{}, -1, 1},
		{"by number", Config{HistoryMaxLimit: 3}, -1, 4},
		{"by number, to the last one", Config{HistoryMaxLimit: 5}, -1, 2},
		{"by bytes", Config{HistoryMaxBytes: 250}, -1, 5},
		{"by bytes, one each", Config{HistoryMaxBytes: 10}, -1, 10},
		{"by the smaller of two", Config{HistoryMaxLimit: 4, HistoryMaxBytes: 250}, 9, 5},
	} {
		for _, reverse := range []bool{false, true} {
			w, o := newTestWorld(t, c.cfg), open()
			var all, got []uint64
			for range n {
				all = append(all, w.publish("a", o, string(make([]byte, 100))).Position.Offset)
			}
			if reverse {
				slices.Reverse(all)
			}
			q := Command{Op: History, Room: "a", Options: o, Limit: c.limit, Reverse: reverse, Member: person(1)}
			answers := 0
			for more := true; more && answers < 2*n; answers++ {
				a := w.ask(q)
				for _, p := range a.Publications {
					got = append(got, p.Offset)
				}
				q.HasSince, q.Since = true, Position{got[len(got)-1], a.Position.Epoch}
				more = a.More
			}
			if !slices.Equal(got, all) || answers != c.want {
				t.Errorf("%s, reverse %v: %v in %d answers, want %v in %d", c.name, reverse, got, answers, all, c.want)
			}
		}
	}
}

func TestHistoryMoreOnlyIfCutByABound(t *testing.T) {
	w, o := newTestWorld(t, Config{HistoryMaxLimit: 5}), open()
	for range 10 {
		w.publish("a", o, "x")
	}
	for limit, more := range map[int]bool{0: false, 1: false, 5: false, 6: true, 100: true, -1: true} {
		a := w.ask(Command{Op: History, Room: "a", Options: o, Limit: limit, Member: person(1)})
		if a.More != more {
			t.Errorf("limit %d: more %v", limit, a.More)
		}
	}
}

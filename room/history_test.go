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

// A message is kept as its parts, with a copy of the publisher's Info, which
// consecutive messages of a connection share.
func TestHistoryHasDataAndPublisher(t *testing.T) {
	w, o := newTestWorld(t, Config{}), open()
	ann := &Info{Client: ID{1}, User: "ann", ConnInfo: []byte("phone")}
	tablet := &Info{Client: ID{2}, User: "ann", ConnInfo: []byte("tablet")}
	renewed := &Info{Client: ID{2}, User: "ann", ConnInfo: []byte("tablet, renewed")}
	from := []*Info{ann, ann, tablet, renewed, nil, ann}
	for i, info := range from {
		w.publishFrom("a", o, info, 10+i)
	}
	ps := w.history("a", o)
	if len(ps) != len(from) {
		t.Fatalf("%d messages, want %d", len(ps), len(from))
	}
	for i, p := range ps {
		if want := from[i]; len(p.Data) != 10+i || (p.From == nil) != (want == nil) || p.From == want && want != nil {
			t.Fatalf("message %d: %+v", i, p)
		} else if want != nil && (p.From.Client != want.Client || p.From.User != want.User || string(p.From.ConnInfo) != string(want.ConnInfo)) {
			t.Errorf("message %d is from %+v, want %+v", i, p.From, want)
		}
	}
	if ps[0].From != ps[1].From {
		t.Error("two messages of a connection have two copies of its Info")
	}
	w.checkAccounting()
}

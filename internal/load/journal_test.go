package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/load/report"
)

// scene is a room of three clients on one loop.
type scene struct {
	*room
	w *worker
}

func newScene() *scene {
	w := &worker{report: report.New("", "", ""), run: &run{o: Options{Protocol: Centrifuge}, report: new(report.Report)}, clients: make([]client, 3)}
	k := &room{segment: segment{to: 3, size: 3}, name: "r", members: w.clients}
	for i := range w.clients {
		w.clients[i] = client{w: w, room: k, id: uint32(i), state: present}
		k.enter(&w.clients[i], 0, true)
	}
	return &scene{k, w}
}

// delivery is one message to one client.
type delivery struct {
	client int
	entry  entry
}

// parseScript reads "0:5a1" as: client 0 gets, at offset 5, message 1 of sender a.
func parseScript(t *testing.T, script string) (all []delivery) {
	t.Helper()
	for _, word := range strings.Fields(script) {
		var d delivery
		var sender byte
		if _, err := fmt.Sscanf(word, "%d:%d%c%d", &d.client, &d.entry.offset, &sender, &d.entry.number); err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		d.entry.sender = uint32(sender - 'a')
		all = append(all, d)
	}
	return all
}

func (s *scene) play(t *testing.T, script string) {
	t.Helper()
	for _, d := range parseScript(t, script) {
		s.deliver(&s.w.clients[d.client], d.entry)
	}
}

// kinds are the violations found, after the audit.
func (s *scene) kinds() string {
	most := s.heardMost()
	for m := range s.members {
		s.w.auditClient(s.room, &s.members[m], most)
	}
	var all []string
	for _, k := range slices.Sorted(maps.Keys(s.w.report.Violations.ByKind)) {
		all = append(all, fmt.Sprintf("%s %d", k, s.w.report.Violations.ByKind[k]))
	}
	return strings.Join(all, ", ")
}

func TestJournal(t *testing.T) {
	const head = "0:1a1 1:1a1 2:1a1 "
	tests := map[string]struct{ script, want string }{
		"in order":                     {head + "0:2b1 0:3a2 1:2b1 2:2b1 1:3a2 2:3a2", ""},
		"offsets with holes":           {head + "0:5b1 1:5b1 2:5b1 0:9a2 1:9a2 2:9a2", ""},
		"lost by a follower":           {head + "0:2b1 0:3a2 1:2b1 1:3a2 2:3a2", "lost 1"},
		"lost by the first":            {head + "0:3a2 1:2b1 1:3a2 2:2b1 2:3a2", "lost 1"},
		"lost at the end":              {head + "0:2b1 1:2b1", "lost 1"},
		"lost by two":                  {head + "0:3a2 1:3a2 2:2b1 2:3a2", "lost 2"},
		"repeated at once":             {head + "0:2b1 0:2b1 1:2b1 2:2b1", "repeated 1"},
		"repeated later":               {head + "0:2b1 0:3a2 0:1a1 1:2b1 1:3a2 2:2b1 2:3a2", "repeated 1"},
		"repeated with another offset": {head + "0:2b1 0:3b1 1:2b1 2:2b1", "repeated 1"},
		"swapped for a follower":       {head + "0:2b1 0:3a2 1:3a2 1:2b1 2:2b1 2:3a2", "reordered 1"},
		"swapped for the first":        {head + "0:3a2 0:2b1 1:2b1 1:3a2 2:2b1 2:3a2", "reordered 1"},
		"swapped for all":              {head + "0:3a2 0:2b1 1:3a2 1:2b1 2:3a2 2:2b1", "reordered 3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.play(t, tt.script)
			if got := s.kinds(); got != tt.want {
				t.Errorf("found %q, want %q: %v", got, tt.want, s.w.report.Violations.First)
			}
			for _, v := range s.w.report.Violations.First { // all of the scripts break the rule at b1
				if v.Offset != 2 && !strings.HasPrefix(name, "repeated") {
					t.Errorf("at the wrong place: %v", v)
				}
			}
		})
	}
}

// TestResume: who comes back must get what follows its offset; who was told is let off.
func TestResume(t *testing.T) {
	for name, tt := range map[string]struct {
		told       bool
		rest, want string
	}{
		"all":                {false, "2:2b1 2:3a2 2:4a3", ""},
		"a part":             {false, "2:3a2 2:4a3", "lost 1"},
		"nothing":            {false, "", "lost 3"},
		"told":               {true, "2:4a3", ""},
		"told, and then not": {true, "", "lost 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.play(t, "0:1a1 1:1a1 2:1a1 0:2b1 1:2b1 0:3a2 1:3a2")
			back := &s.members[2]
			if tt.told {
				s.forgo(back, 3)
			} else {
				s.enter(back, 1, true)
			}
			s.play(t, "0:4a3 1:4a3 "+tt.rest)
			if got := s.kinds(); got != tt.want {
				t.Errorf("found %q, want %q: %v", got, tt.want, s.w.report.Violations.First)
			}
		})
	}
}

// TestUnordered: without offsets each sender's messages are checked by themselves.
func TestUnordered(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"in order":      {"0:0a1 1:0a1 2:0a1 0:0b1 1:0b1 2:0b1", ""},
		"other orders":  {"0:0a1 0:0b1 1:0b1 1:0a1 2:0a1 2:0b1", ""},
		"lost":          {"0:0a1 0:0a2 1:0a2 2:0a1 2:0a2", "lost 1"},
		"lost at last":  {"0:0a1 0:0a2 1:0a1 1:0a2 2:0a1", "lost 1"},
		"repeated":      {"0:0a1 0:0a1 1:0a1 2:0a1", "repeated 1"},
		"reordered":     {"0:0a2 0:0a1 1:0a1 1:0a2 2:0a1 2:0a2", "reordered 1"},
		"from a nobody": {"0:0z1", "invented 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.unordered.begin(s.room, 3)
			s.w.run.o.Protocol = Rooms
			for _, d := range parseScript(t, tt.script) {
				s.hear(&s.w.clients[d.client], d.entry)
			}
			if got := s.kinds(); got != tt.want {
				t.Errorf("found %q, want %q: %v", got, tt.want, s.w.report.Violations.First)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	all := packedEntries{{1, 0, 1}, {2, 1, 1}, {3, 0, 2}}
	good := func() evidence {
		return evidence{Name: "r", Journals: []testimony{{Attended: true, Entries: slices.Clone(all)}, {Attended: true, Entries: slices.Clone(all)}},
			Voices: map[uint32]packedAcks{0: {acked | 1, acked | 3}, 1: {acked | 2}}, History: slices.Clone(all), Read: true}
	}
	tests := map[string]struct {
		change func(e *evidence)
		want   map[report.Kind]int64
	}{
		"good":                   {func(*evidence) {}, nil},
		"one loop misses one":    {func(e *evidence) { e.Journals[1].Entries = append(all[:1:1], all[2]) }, map[report.Kind]int64{report.Lost: 1}},
		"one loop misses an end": {func(e *evidence) { e.Journals[1].Entries = all[:2] }, map[report.Kind]int64{report.Lost: 1}},
		"nobody was there":       {func(e *evidence) { e.Journals[1].Entries, e.Journals[1].Attended = all[:2], false }, nil},
		"joined later":           {func(e *evidence) { e.Journals[1].Entries, e.Journals[1].From = all[1:], 1 }, nil},
		"not in the history":     {func(e *evidence) { e.History = append(all[:1:1], all[2]) }, map[report.Kind]int64{report.NotKept: 1}},
		"short history":          {func(e *evidence) { e.History = all[1:] }, nil},
		"no history":             {func(e *evidence) { e.Read, e.Unread = false, "off" }, nil},
		"twice in the history":   {func(e *evidence) { e.History = append(slices.Clone(all), entry{4, 0, 2}) }, map[report.Kind]int64{report.Doubled: 2}},
		"acknowledged, not kept": {func(e *evidence) { e.Voices[1] = append(e.Voices[1], acked|4) }, map[report.Kind]int64{report.NotKept: 1}},
		"unanswered, not kept":   {func(e *evidence) { e.Voices[1] = append(e.Voices[1], unanswered) }, nil},
		"refused":                {func(e *evidence) { e.Voices[1] = append(e.Voices[1], refused) }, nil},
		"other offset":           {func(e *evidence) { e.Voices[1][0] = acked | 7 }, map[report.Kind]int64{report.Disagree: 1}},
		"never sent":             {func(e *evidence) { e.Voices[1] = nil }, map[report.Kind]int64{report.Invented: 1}},
		"two orders": {func(e *evidence) {
			e.Journals[1].Entries = packedEntries{{1, 0, 1}, {2, 0, 2}, {3, 1, 1}}
		}, map[report.Kind]int64{report.Disagree: 3}},
		"a sender out of order": {func(e *evidence) {
			swapped := packedEntries{{1, 0, 2}, {2, 1, 1}, {3, 0, 1}}
			e.Journals[0].Entries, e.Journals[1].Entries, e.History = swapped, swapped, swapped
			e.Voices[0] = packedAcks{acked | 3, acked | 1}
		}, map[report.Kind]int64{report.Reordered: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, rep := good(), report.New("", "", "")
			tt.change(&e)
			judgeRoom(rep, e, false, false)
			if !maps.Equal(rep.Violations.ByKind, tt.want) {
				t.Errorf("found %v, want %v: %v", rep.Violations.ByKind, tt.want, rep.Violations.First)
			}
		})
	}
}

func TestPlan(t *testing.T) {
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
		speakers := 0
		for id := range all[0].to {
			if all[0].speaks(id, 4) {
				speakers++
			}
		}
		if speakers != min(4, all[0].size) {
			t.Errorf("%+v: %d speakers", c, speakers)
		}
	}
}

func TestBody(t *testing.T) {
	filling := newFilling(100)
	m := body{run: 0xdeadbeef, sender: 7, number: 1 << 31, due: 1 << 60}
	b := m.append(nil, filling)
	if got, ok := parseBody(b, filling); !ok || got != m || len(b) != 100 {
		t.Errorf("%+v, %v, %d", got, ok, len(b))
	}
	for i := range b {
		changed := slices.Clone(b)
		changed[i] ^= 0x80
		if got, ok := parseBody(changed, filling); ok {
			t.Errorf("byte %d changed: %+v", i, got)
		}
	}
	if _, ok := parseBody(b[:99], filling); ok {
		t.Error("a short one")
	}
}

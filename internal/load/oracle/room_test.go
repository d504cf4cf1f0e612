package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/load/report"
)

// threeMembers is a room of three members on one loop.
type threeMembers struct {
	Room
	members    [3]Member
	violations report.Violations
}

// unlimited implements Limits.
type unlimited struct{}

func (unlimited) MayKeep() bool { return true }
func (unlimited) MayMiss() bool { return true }
func (unlimited) Over() bool    { return false }

func newThreeMembers() *threeMembers {
	r := new(threeMembers)
	r.Room = Room{Name: "r", Limits: unlimited{}, Violations: &r.violations, Members: func(yield func(*Member) bool) {
		for i := range r.members {
			if !yield(&r.members[i]) {
				return
			}
		}
	}}
	for i := range r.members {
		r.members[i].ID = uint32(i)
		r.Join(&r.members[i], 0)
	}
	return r
}

// play delivers what a script says. "0:5a1" is: member 0 receives, at offset 5, message 1 of sender a.
func (r *threeMembers) play(t *testing.T, script string) {
	t.Helper()
	for _, word := range strings.Fields(script) {
		var member int
		var e Entry
		var sender byte
		if _, err := fmt.Sscanf(word, "%d:%d%c%d", &member, &e.Offset, &sender, &e.Number); err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		e.Sender = uint32(sender - 'a')
		r.Deliver(&r.members[member], e)
	}
}

// audit ends the run and returns the kinds of violations with their numbers.
func (r *threeMembers) audit() string {
	last := r.Last()
	for i := range r.members {
		r.ReportMissed(&r.members[i])
		r.ReportOutstanding(&r.members[i], last)
	}
	var all []string
	for _, k := range slices.Sorted(maps.Keys(r.violations.ByKind)) {
		all = append(all, fmt.Sprintf("%s %d", k, r.violations.ByKind[k]))
	}
	return strings.Join(all, ", ")
}

func TestDeliveriesAreComparedWithJournal(t *testing.T) {
	const head = "0:1a1 1:1a1 2:1a1 "
	tests := map[string]struct{ script, want string }{
		"in order":                       {head + "0:2b1 0:3a2 1:2b1 2:2b1 1:3a2 2:3a2", ""},
		"gaps between offsets":           {head + "0:5b1 1:5b1 2:5b1 0:9a2 1:9a2 2:9a2", ""},
		"lost by a later receiver":       {head + "0:2b1 0:3a2 1:2b1 1:3a2 2:3a2", "lost 1"},
		"lost by the first receiver":     {head + "0:3a2 1:2b1 1:3a2 2:2b1 2:3a2", "lost 1"},
		"lost at the end":                {head + "0:2b1 1:2b1", "lost 1"},
		"lost by two":                    {head + "0:3a2 1:3a2 2:2b1 2:3a2", "lost 2"},
		"repeated at once":               {head + "0:2b1 0:2b1 1:2b1 2:2b1", "repeated 1"},
		"repeated later":                 {head + "0:2b1 0:3a2 0:1a1 1:2b1 1:3a2 2:2b1 2:3a2", "repeated 1"},
		"repeated with another offset":   {head + "0:2b1 0:3b1 1:2b1 2:2b1", "repeated 1"},
		"swapped for a later receiver":   {head + "0:2b1 0:3a2 1:3a2 1:2b1 2:2b1 2:3a2", "reordered 1"},
		"swapped for the first receiver": {head + "0:3a2 0:2b1 1:2b1 1:3a2 2:2b1 2:3a2", "reordered 1"},
		"swapped for all":                {head + "0:3a2 0:2b1 1:3a2 1:2b1 2:3a2 2:2b1", "reordered 3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newThreeMembers()
			r.play(t, tt.script)
			if got := r.audit(); got != tt.want {
				t.Errorf("found %q, want %q: %v", got, tt.want, r.violations.First)
			}
			for _, v := range r.violations.First { // in every script the violation is at b1
				if v.Offset != 2 && !strings.HasPrefix(name, "repeated") {
					t.Errorf("at the wrong place: %v", v)
				}
			}
		})
	}
}

// A member that comes back must receive what follows its offset, unless the server has told it that
// this cannot be recovered.
func TestMemberThatComesBack(t *testing.T) {
	for name, tt := range map[string]struct {
		notRecovered bool
		rest, want   string
	}{
		"receives everything":            {false, "2:2b1 2:3a2 2:4a3", ""},
		"misses one message":             {false, "2:3a2 2:4a3", "lost 1"},
		"receives nothing":               {false, "", "lost 3"},
		"not recovered":                  {true, "2:4a3", ""},
		"not recovered, then loses more": {true, "", "lost 1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newThreeMembers()
			r.play(t, "0:1a1 1:1a1 2:1a1 0:2b1 1:2b1 0:3a2 1:3a2")
			back := &r.members[2]
			if tt.notRecovered {
				r.JoinWithLoss(back, 3)
			} else {
				r.Join(back, 1)
			}
			r.play(t, "0:4a3 1:4a3 "+tt.rest)
			if got := r.audit(); got != tt.want {
				t.Errorf("found %q, want %q: %v", got, tt.want, r.violations.First)
			}
		})
	}
}

// Without offsets, the messages of each sender are checked by themselves.
func TestUnorderedRoom(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"in order":           {"0:0a1 1:0a1 2:0a1 0:0b1 1:0b1 2:0b1", ""},
		"in other orders":    {"0:0a1 0:0b1 1:0b1 1:0a1 2:0a1 2:0b1", ""},
		"lost":               {"0:0a1 0:0a2 1:0a2 2:0a1 2:0a2", "lost 1"},
		"lost at the end":    {"0:0a1 0:0a2 1:0a1 1:0a2 2:0a1", "lost 1"},
		"repeated":           {"0:0a1 0:0a1 1:0a1 2:0a1", "repeated 1"},
		"reordered":          {"0:0a2 0:0a1 1:0a1 1:0a2 2:0a1 2:0a2", "reordered 1"},
		"from a non-sender":  {"0:0z1", "invented 1"},
		"far ahead, made up": {"0:0a2000000", "invented 1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newThreeMembers()
			r.Unordered(0, 3, []uint32{0, 1, 2})
			r.play(t, tt.script)
			if got := r.audit(); got != tt.want {
				t.Errorf("found %q, want %q: %v", got, tt.want, r.violations.First)
			}
		})
	}
}

package oracle

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/throngd/throng/internal/load/report"
)

var threeMessages = Entries{{1, 0, 1}, {2, 1, 1}, {3, 0, 2}}

// goodEvidence is that of a room without violations, whose members are on two loops.
func goodEvidence() Evidence {
	all := threeMessages
	return Evidence{
		Name: "r", Journals: []LoopJournal{{Attended: true, Entries: slices.Clone(all)}, {Attended: true, Entries: slices.Clone(all)}},
		Acks: map[uint32]Acks{0: {AckedAt(1), AckedAt(3)}, 1: {AckedAt(2)}}, History: slices.Clone(all), Read: true,
	}
}

func TestJudge(t *testing.T) {
	all := threeMessages
	tests := map[string]struct {
		change func(e *Evidence)
		want   map[report.Kind]int64
	}{
		"good":                         {func(*Evidence) {}, nil},
		"one loop misses one":          {func(e *Evidence) { e.Journals[1].Entries = append(all[:1:1], all[2]) }, map[report.Kind]int64{report.Lost: 1}},
		"one loop misses the last":     {func(e *Evidence) { e.Journals[1].Entries = all[:2] }, map[report.Kind]int64{report.Lost: 1}},
		"no member at the end":         {func(e *Evidence) { e.Journals[1].Entries, e.Journals[1].Attended = all[:2], false }, nil},
		"joined later":                 {func(e *Evidence) { e.Journals[1].Entries, e.Journals[1].From = all[1:], 1 }, nil},
		"not in the history":           {func(e *Evidence) { e.History = append(all[:1:1], all[2]) }, map[report.Kind]int64{report.NotKept: 1}},
		"short history":                {func(e *Evidence) { e.History = all[1:] }, nil},
		"no history":                   {func(e *Evidence) { e.Read, e.Unread = false, "off" }, nil},
		"twice in the history":         {func(e *Evidence) { e.History = append(slices.Clone(all), Entry{4, 0, 2}) }, map[report.Kind]int64{report.Doubled: 2}},
		"acknowledged and not kept":    {func(e *Evidence) { e.Acks[1] = append(e.Acks[1], AckedAt(4)) }, map[report.Kind]int64{report.NotKept: 1}},
		"unanswered and not kept":      {func(e *Evidence) { e.Acks[1] = append(e.Acks[1], 0) }, nil},
		"refused":                      {func(e *Evidence) { e.Acks[1] = append(e.Acks[1], Refused) }, nil},
		"acknowledged at other offset": {func(e *Evidence) { e.Acks[1][0] = AckedAt(7) }, map[report.Kind]int64{report.Disagree: 1}},
		"never sent":                   {func(e *Evidence) { e.Acks[1] = nil }, map[report.Kind]int64{report.Invented: 1}},
		"two orders": {func(e *Evidence) {
			e.Journals[1].Entries = Entries{{1, 0, 1}, {2, 0, 2}, {3, 1, 1}}
		}, map[report.Kind]int64{report.Disagree: 3}},
		"a sender out of order": {func(e *Evidence) {
			swapped := Entries{{1, 0, 2}, {2, 1, 1}, {3, 0, 1}}
			e.Journals[0].Entries, e.Journals[1].Entries, e.History = swapped, swapped, swapped
			e.Acks[0] = Acks{AckedAt(3), AckedAt(1)}
		}, map[report.Kind]int64{report.Reordered: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, rep := goodEvidence(), report.New("", "", "")
			tt.change(&e)
			Judge(rep, e, Options{})
			if !maps.Equal(rep.Violations.ByKind, tt.want) {
				t.Errorf("found %v, want %v: %v", rep.Violations.ByKind, tt.want, rep.Violations.First)
			}
		})
	}
}

// The evidence about a room that is split between processes is judged as if it were of one process.
func TestEvidenceSurvivesJSON(t *testing.T) {
	e := goodEvidence()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got Evidence
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, e) {
		t.Errorf("%+v, want %+v", got, e)
	}
}

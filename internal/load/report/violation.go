package report

import "fmt"

// Kind is the rule that was broken.
type Kind string

// The rules of the oracle.
const (
	Lost      Kind = "lost"      // a subscriber did not get a message that it must have got
	Repeated  Kind = "repeated"  // a subscriber got a message twice
	Reordered Kind = "reordered" // a subscriber got a message after one that follows it
	Disagree  Kind = "disagree"  // two subscribers of a room got the same messages in different orders
	Invented  Kind = "invented"  // a message was read that was never sent, or with another content
	NotKept   Kind = "not kept"  // an acknowledged message is not in the history
	Doubled   Kind = "doubled"   // a message is in the history twice
	Silent    Kind = "silent"    // a command was never answered though the connection lived
)

// Meaning is the rule in words.
func (k Kind) Meaning() string {
	switch k {
	case Lost:
		return "a subscriber did not get a message that it must have got"
	case Repeated:
		return "a subscriber got a message twice"
	case Reordered:
		return "a subscriber got a message after one that follows it"
	case Disagree:
		return "two subscribers got the same messages in different orders"
	case Invented:
		return "a message was read that was never sent"
	case NotKept:
		return "an acknowledged message is not in the history"
	case Doubled:
		return "a message is in the history twice"
	case Silent:
		return "a command was never answered"
	}
	return string(k)
}

// Violation is one broken rule.
type Violation struct {
	Kind   Kind   `json:"kind"`
	Room   string `json:"room,omitempty"`
	Offset uint64 `json:"offset,omitempty"` // in the room, 0 if it is not known
	Client string `json:"client,omitempty"` // who noticed
	Text   string `json:"text,omitempty"`   // what was expected and what came
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: room %q, offset %d, client %s: %s", v.Kind, v.Room, v.Offset, v.Client, v.Text)
}

// MaxViolations is the number of violations that are kept in full. The others are counted.
const MaxViolations = 20

// Violations are the broken rules of a run. The zero value is none.
type Violations struct {
	Count  int64          `json:"count"`
	ByKind map[Kind]int64 `json:"by_kind,omitempty"`
	First  []Violation    `json:"first,omitempty"` // at most MaxViolations
}

// Add counts a violation and keeps it if it is one of the first.
func (v *Violations) Add(one Violation) {
	v.count(one.Kind, 1)
	if len(v.First) < MaxViolations {
		v.First = append(v.First, one)
	}
}

func (v *Violations) count(k Kind, n int64) {
	if v.ByKind == nil {
		v.ByKind = map[Kind]int64{}
	}
	v.ByKind[k] += n
	v.Count += n
}

// Merge adds those of another process.
func (v *Violations) Merge(o *Violations) {
	for k, n := range o.ByKind {
		v.count(k, n)
	}
	v.First = append(v.First, o.First[:min(len(o.First), MaxViolations-len(v.First))]...)
}

package chat

import (
	"strings"
	"testing"

	"github.com/throngd/throng/internal/terminal"
)

// Every key moves or removes whole characters. "|" is the cursor.
func TestKeysEditWholeCharacters(t *testing.T) {
	const woman, e = "👩\u200d💻", "e\u0301"
	for _, c := range []struct{ name, from, keys, want string }{
		{"text", "a|b", "x你", "ax你|b"},
		{"a mark joins", "e|b", "\u0301", e + "|b"},
		{"a joiner joins what is behind it", "👩|💻", "\u200d", woman + "|"},
		{"left", e + woman + "|", "\x1b[D\x02", "|" + e + woman},
		{"right", "|" + e + woman, "\x1bOC\x06", e + woman + "|"},
		{"backspace", "a" + woman + "|b", "\x7f", "a|b"},
		{"backspace at the beginning", "|b", "\x08", "|b"},
		{"delete", "a|" + e + "b", "\x1b[3~", "a|b"},
		{"Ctrl-D", "a|" + e + "b", "\x04", "a|b"},
		{"delete at the end", "a|", "\x1b[3~", "a|"},
		{"home, end", "a|b", "\x1b[Hx\x05y\x1b[1~z\x1b[4~", "zxaby|"},
		{"words", "one 二 three|", "\x1b[1;3D\x1b[1;5D\x1bbx\x1b[1;3C\x1bfy", "xone 二 y|three"},
		{"kill word", "one " + woman + "  |b", "\x17", "one |b"},
		{"kill next word", "|one two", "\x1bd", "|two"},
		{"kill line", "ab|cd", "\x15", "|cd"},
		{"kill rest", "ab|cd", "\x0b", "ab|"},
		{"transpose", e + "|你", "\x14", "你" + e + "|"},
		{"transpose at the end", "a" + e + "你|", "\x14", "a你" + e + "|"},
		{"transpose one", "a|", "\x14", "a|"},
		{"controls and bytes that are no text", "a|", "\x00\x1c\xff\u0085\x1b[200~\x1b[?1;2c\x1bOPb", "ab|"},
		{"tab", "a|", "\tb", "a\tb|"},
	} {
		d := draft{text: strings.Replace(c.from, "|", "", 1), pos: strings.Index(c.from, "|")}
		for b := []byte(c.keys); len(b) > 0; {
			k, n := nextKey(b)
			if n == 0 {
				t.Errorf("%s: %q is not complete", c.name, b)
				break
			}
			d.edit(k)
			b = b[n:]
		}
		if got := d.text[:d.pos] + "|" + d.text[d.pos:]; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A key may arrive in several reads.
func TestKeysInSeveralReads(t *testing.T) {
	for _, whole := range []string{"你", "\x1b[3~", "\x1bOC", "\x1b[12;40R", "\x1bb"} {
		for i := 1; i < len(whole); i++ {
			if _, n := nextKey([]byte(whole[:i])); n != 0 {
				t.Errorf("%q is taken for a key", whole[:i])
			}
		}
		if _, n := nextKey([]byte(whole)); n != len(whole) {
			t.Errorf("%q: %d bytes are a key", whole, n)
		}
	}
	if _, n := nextKey([]byte("\x1b[" + strings.Repeat("1", 200))); n == 0 {
		t.Error("a sequence without an end is waited for")
	}
}

func TestDraftIsBounded(t *testing.T) {
	var d draft
	d.insert(strings.Repeat("x", maxDraft))
	if d.insert("y") || len(d.text) != maxDraft {
		t.Errorf("%d bytes", len(d.text))
	}
}

// The cursor is always in the row, and the row is never wider than the screen.
func TestRowFitsScreen(t *testing.T) {
	for name, text := range drafts {
		d := draft{text: text}
		for d.pos = 0; ; d.pos = d.after() {
			for _, n := range []int{5, 6, 20, 33, 74} {
				r := d.row(n)
				if w := terminal.Width(r.head) + terminal.Width(r.tail); w > n-1 {
					t.Fatalf("%s at %d in %d: %q|%q is %d wide", name, d.pos, n, r.head, r.tail, w)
				}
			}
			if d.pos == len(text) {
				break
			}
		}
	}
	d := draft{text: "escape\u202e"}
	d.pos = len(d.text)
	if r := d.row(40); r.head != "escape\ufffd" {
		t.Errorf("shown as %q", r.head)
	}
}

func TestRecallOfEarlierLines(t *testing.T) {
	var r recall
	var d draft
	d.set("begun")
	r.add("one")
	r.add("")
	r.add("two")
	for _, c := range []struct {
		by   int
		want string
	}{{1, "begun"}, {-1, "two"}, {-1, "one"}, {-1, "one"}, {1, "two"}, {1, "begun"}} {
		if r.step(&d, c.by); d.text != c.want || d.pos != len(c.want) {
			t.Errorf("%+d: %q", c.by, d.text)
		}
	}
	for range 2 * maxRecalled {
		r.add("x")
	}
	if len(r.lines) != maxRecalled {
		t.Errorf("%d lines are kept", len(r.lines))
	}
}

package chat

import (
	"strings"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

var (
	ann = person{client: "c1", name: "ann", key: "ann"}
	day = time.Date(2026, 3, 4, 5, 6, 7, 0, time.Local)
)

func TestViewFormatsLines(t *testing.T) {
	for _, c := range []struct {
		name string
		tty  bool
		show func(v *view)
		want string
	}{
		{"message in a pipe", false, func(v *view) { v.message(message{at: day, from: ann, text: "hi"}) }, "2026-03-04 05:06:07 ann: hi\n"},
		{"time unknown in a pipe", false, func(v *view) { v.message(message{from: ann, text: "hi"}) }, "- - ann: hi\n"},
		{"lines in a pipe", false, func(v *view) { v.message(message{at: day, from: ann, text: "a\r\nb\n"}) }, "2026-03-04 05:06:07 ann: a\n    b\n"},
		{"message", true, func(v *view) { v.message(message{at: day, from: ann, text: "hi"}) }, "05:06 ann: hi\n"},
		{"time unknown", true, func(v *view) { v.message(message{from: ann, text: "hi"}) }, "      ann: hi\n"},
		{"lines", true, func(v *view) { v.message(message{at: day, from: ann, text: "a\nb"}) }, "05:06 ann: a\n        b\n"},
		{"escape", true, func(v *view) { v.message(message{at: day, from: ann, text: "\x1b[2J"}) }, "05:06 ann: \ufffd[2J\n"},
		{"join", true, func(v *view) { v.event(ann, "joined") }, "05:06 * ann joined\n"},
		{"note", true, func(v *view) { v.note("%d here", 3) }, "* 3 here\n"},
		{"days", true, func(v *view) {
			v.message(message{at: day.AddDate(0, 0, -1), from: ann, text: "old"})
			v.message(message{at: day, from: ann, text: "new"})
		}, "-- Tuesday 3 March 2026 --\n05:06 ann: old\n-- Wednesday 4 March 2026 --\n05:06 ann: new\n"},
		{"long", true, func(v *view) { v.message(message{at: day, from: ann, text: strings.Repeat("x", maxShownCells+5)}) },
			"05:06 ann: " + strings.Repeat("x", maxShownCells) + "\n        (5 more characters)\n"},
		{"long in a pipe", false, func(v *view) { v.message(message{from: ann, text: strings.Repeat("x", maxShownCells+5)}) },
			"- - ann: " + strings.Repeat("x", maxShownCells+5) + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			v := newView(&b, &b, false, c.tty)
			v.now = func() time.Time { return day }
			v.day = day.Format(dayFormat)
			c.show(v)
			if b.String() != c.want {
				t.Errorf("%q, want %q", b.String(), c.want)
			}
		})
	}
}

func TestPaintOfNames(t *testing.T) {
	if s := paint(true).name(ann); !strings.HasPrefix(s, "\x1b[") || !strings.HasSuffix(s, "mann\x1b[0m") {
		t.Errorf("a coloured name is %q", s)
	}
	if s := paint(false).name(ann); s != "ann" {
		t.Errorf("a plain name is %q", s)
	}
	env := func(string) string { return "" }
	for _, c := range []struct {
		color string
		want  paint
	}{{"always", true}, {"never", false}, {"auto", false}, {"", false}} {
		if got := paintFor(Options{Color: c.color, Getenv: env}, new(strings.Builder)); got != c.want {
			t.Errorf("--color %q into a pipe: %v", c.color, got)
		}
	}
}

func TestPublicationsBecomeMessages(t *testing.T) {
	info := func(user, conn string) *centrifuge.ClientInfo {
		return &centrifuge.ClientInfo{Client: "abcdef", User: user, ConnInfo: []byte(conn)}
	}
	for _, c := range []struct {
		data             string
		info             *centrifuge.ClientInfo
		text, id, sender string
	}{
		{`{"text":"hi","id":"x"}`, info("", `{"name":"ann"}`), "hi", "x", "ann"},
		{`{"text":""}`, info("u1", ""), "", "", "u1"},
		{`{"n":1}`, info("", `{"name":7}`), `{"n":1}`, "", "anon-abcd"},
		{`"str"`, info("", `["a"]`), `"str"`, "", "anon-abcd"},
		{`{"text":5}`, nil, `{"text":5}`, "", "server"},
		{`{"text":"x"}`, &centrifuge.ClientInfo{}, "x", "", "anon-"},
	} {
		m := received(centrifuge.Publication{Data: []byte(c.data), Info: c.info}, time.Time{})
		if m.text != c.text || m.id != c.id || m.from.name != c.sender {
			t.Errorf("%s: %+v", c.data, m)
		}
	}
	if s := string(encode("a<b>\x01\xff", "i")); s != `{"text":"a<b>\u0001\ufffd","id":"i"}` {
		t.Errorf("encode: %s", s)
	}
}

func TestPresenceText(t *testing.T) {
	c := map[string]centrifuge.ClientInfo{}
	for id, name := range map[string]string{"1": "bob", "2": "ann", "3": "bob"} {
		c[id] = centrifuge.ClientInfo{Client: id, ConnInfo: connectData(name)}
	}
	if s := presenceText(c, "2"); s != "3 here: ann (you), bob (2)" {
		t.Error(s)
	}
}

func TestSeenKeepsLastIDs(t *testing.T) {
	var s seen
	if !s.add("a") || s.add("a") || !s.add("") || !s.add("") {
		t.Error("an id is new once, an empty one always")
	}
	for range len(s.ring) {
		s.add(newID())
	}
	if !s.add("a") || len(s.ids) != len(s.ring) {
		t.Errorf("%d ids are kept", len(s.ids))
	}
}

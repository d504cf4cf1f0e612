package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/throngd/throng/internal/clierr"
)

func TestPipeSendsEveryLine(t *testing.T) {
	f := newFake(t)
	k := start(t, f, Options{})
	k.type_("one", "", "/who is text here", "two\r", "  three ")
	k.leave()
	want := []string{"one", "/who is text here", "two", "  three "}
	if got := f.texts("lobby"); !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
	if k.out.String()+k.err.String() != "" {
		t.Errorf("a pipe that only sends wrote %q%q", k.out, k.err)
	}
}

func TestWithoutInputClientListens(t *testing.T) {
	f := newFake(t)
	f.say("lobby", "bob", "an old one", "")
	f.say("lobby", "bob", "two\r\nlines", "")
	k := start(t, f, Options{source: fromNowhere, History: AutoHistory})
	k.out.wait(t, "lines")
	f.say("lobby", "eve\x1b[2J", "now \x1b]0;pwned\a \u202eabc", "")
	k.out.wait(t, "abc\n")
	k.stop()
	if err := k.end(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(k.out.String(), "\n")
	want := []string{"2026-03-04 05:06:07 bob: an old one", "2026-03-04 05:06:07 bob: two", "    lines"}
	if !slices.Equal(lines[:3], want) {
		t.Errorf("history %q, want %q", lines[:3], want)
	}
	if !strings.HasSuffix(lines[3], " eve\ufffd[2J: now \ufffd]0;pwned\ufffd \ufffdabc") {
		t.Errorf("the live line is %q", lines[3])
	}
}

func TestHistoryIsRequested(t *testing.T) {
	for _, c := range []struct{ n, want int }{{0, 0}, {2, 2}, {AutoHistory, 20}} {
		f := newFake(t)
		k := start(t, f, Options{source: fromNowhere, History: c.n})
		k.out.waitJoin(t, f)
		f.mu.Lock()
		if f.asked[0] != c.want {
			t.Errorf("--history %d asks for %d, want %d", c.n, f.asked[0], c.want)
		}
		f.mu.Unlock()
	}
}

// The server replies with fewer messages than requested, and the client requests the rest.
func TestHistoryInParts(t *testing.T) {
	f := newFake(t)
	f.most = 3
	for i := range 10 {
		f.say("lobby", "bob", fmt.Sprint("number ", i), "")
	}
	k := start(t, f, Options{source: fromNowhere, History: 8})
	k.out.wait(t, "number 9\n")
	want := ""
	for i := 2; i < 10; i++ {
		want += fmt.Sprintf("bob: number %d\n", i)
	}
	var got strings.Builder
	for line := range strings.Lines(k.out.String()) {
		if _, text, ok := strings.Cut(line, " bob: "); ok {
			got.WriteString("bob: " + text)
		}
	}
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", k.out.String(), want)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.asked, []int{8, 5, 2}) {
		t.Errorf("asked for %v", f.asked)
	}
}

// waitJoin returns when the client shows live messages of the lobby.
func (r *transcript) waitJoin(t *testing.T, f *fake) {
	t.Helper()
	select {
	case <-f.joined:
	case <-time.After(15 * time.Second):
		t.Fatal("the client does not enter")
	}
	f.say("lobby", "sentinel", "in", "")
	r.wait(t, "sentinel: in")
}

// The server stores a message but the connection ends before the answer: it must not be sent again.
func TestStoredButNotAcknowledged(t *testing.T) {
	f := newFake(t)
	f.publish = func(_, text string, nth int) fakeAction { return fakeAction{drop: nth == 2} }
	k := start(t, f, Options{})
	k.type_("one", "two", "three")
	k.leave()
	if got, want := f.texts("lobby"), []string{"one", "two", "three"}; !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
	if !strings.Contains(k.err.String(), "back: nothing missed") {
		t.Errorf("notices %q: one's own message is not a missed one", k.err)
	}
}

// The connection ends and the message was not stored: it must be sent again, with the same id.
func TestLostMessageIsSentAgain(t *testing.T) {
	f := newFake(t)
	f.publish = func(_, text string, nth int) fakeAction { return fakeAction{lose: nth == 2, drop: nth == 2} }
	k := start(t, f, Options{})
	k.type_("one", "two", "three")
	k.leave()
	if got, want := f.texts("lobby"), []string{"one", "two", "three"}; !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
}

// The server stores a message and stays silent, on a connection that lives on.
func TestServerThatSendsNothing(t *testing.T) {
	f := newFake(t)
	f.publish = func(_, text string, nth int) fakeAction { return fakeAction{silent: nth == 1, lose: nth == 1} }
	k := start(t, f, Options{timeout: 300 * time.Millisecond})
	k.type_("one", "two")
	k.leave()
	if got, want := f.texts("lobby"), []string{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
}

func TestTemporaryErrorIsRetried(t *testing.T) {
	f := newFake(t)
	f.publish = func(_, text string, nth int) fakeAction {
		if nth == 1 {
			return fakeAction{code: 111}
		}
		return fakeAction{}
	}
	k := start(t, f, Options{})
	k.type_("one", "two")
	k.leave()
	if got, want := f.texts("lobby"), []string{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
}

func TestRefusedMessageIsReported(t *testing.T) {
	f := newFake(t)
	f.publish = func(_, text string, nth int) fakeAction {
		if text == "bad" {
			return fakeAction{code: 107}
		}
		return fakeAction{}
	}
	k := start(t, f, Options{})
	k.type_("one", "bad", "two")
	_ = k.in.Close()
	err := k.end()
	if err == nil || !strings.Contains(err.Error(), "1 message could not be sent") {
		t.Errorf("the end is %v", err)
	}
	if got, want := f.texts("lobby"), []string{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
}

func TestRefusedConnectionEndsChat(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*fake)
		want   string
	}{
		{"room", func(f *fake) { f.deny["subscribe"] = 103 }, "permission denied (103"},
		{"namespace", func(f *fake) { f.deny["subscribe"] = 102 }, "no such room (102"},
		{"publish", func(f *fake) {
			f.publish = func(string, string, int) fakeAction { return fakeAction{code: 103} }
		}, "could not be sent: permission denied (103"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			c.change(f)
			k := start(t, f, Options{})
			_, _ = k.in.Write([]byte("one\n")) // it may have ended before it reads this
			err := k.end()
			var h *clierr.Error
			if !errors.As(err, &h) || !strings.Contains(err.Error(), c.want) || h.Hint == "" || h.Usage {
				t.Errorf("the end is %v (%+v), want %q with a hint", err, h, c.want)
			}
		})
	}
}

func TestDisconnectEndsChat(t *testing.T) {
	f := newFake(t)
	k := start(t, f, Options{source: fromNowhere})
	k.out.waitJoin(t, f)
	f.dropAll(3507)
	if err := k.end(); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("the end is %v", err)
	}
}

func TestMissedMessagesAreShown(t *testing.T) {
	f := newFake(t)
	k := start(t, f, Options{source: fromNowhere})
	k.out.waitJoin(t, f)
	f.set(func() { f.closed = true })
	f.dropAll(3001)
	k.err.wait(t, "connection lost (the server is shutting down), reconnecting")
	for i := range 3 {
		f.say("lobby", "bob", fmt.Sprintf("missed %d", i), "")
	}
	f.set(func() { f.closed = false })
	k.out.wait(t, "missed 2")
	k.err.wait(t, "back: 3 missed messages")
	f.say("lobby", "bob", "live again", "")
	k.out.wait(t, "live again")
	k.stop()
	_ = k.end()
	for i := range 3 {
		if line := fmt.Sprintf("2026-03-04 05:06:07 bob: missed %d\n", i); strings.Count(k.out.String(), line) != 1 {
			t.Errorf("%q is not there once:\n%s", line, k.out)
		}
	}
}

func TestGapInHistoryIsReported(t *testing.T) {
	f := newFake(t)
	k := start(t, f, Options{source: fromNowhere, History: AutoHistory})
	k.out.waitJoin(t, f)
	f.set(func() { f.epoch, f.closed, f.log = "e2", true, map[string][]fakePub{} })
	f.dropAll(3000)
	k.err.wait(t, "reconnecting")
	f.say("lobby", "bob", "after the restart", "")
	f.set(func() { f.closed = false })
	k.out.wait(t, "after the restart")
	k.err.wait(t, "some history is gone")
}

func TestRepeatedMessageIsShownOnce(t *testing.T) {
	f := newFake(t)
	k := start(t, f, Options{source: fromNowhere})
	k.out.waitJoin(t, f)
	f.say("lobby", "bob", "twice", "ID1")
	f.say("lobby", "bob", "twice", "ID1")
	f.say("lobby", "bob", "last", "ID2")
	k.out.wait(t, "last")
	if n := strings.Count(k.out.String(), "twice"); n != 1 {
		t.Errorf("shown %d times", n)
	}
}

func TestCommandsAreExecuted(t *testing.T) {
	f := newFake(t)
	f.say("lobby", "bob", "old", "")
	k := start(t, f, Options{source: fromTerminal})
	k.out.waitJoin(t, f)
	for _, c := range []struct{ line, out, err string }{
		{"/help", "", "/join ROOM"},
		{"/who", "", "1 here: ann (you)"},
		{"/history 2", "bob: old\n", "the last 2 messages:"},
		{"/history x", "", "takes a number"},
		{"/name eve", "", "you are ann"},
		{"/no\x1bsuch", "", "no command /no\ufffdsuch"},
		{"//slash", "ann: /slash\n", ""},
		{"hello", "ann: hello\n", ""},
	} {
		k.type_(c.line)
		k.out.wait(t, c.out)
		k.err.wait(t, c.err)
	}
	other := start(t, f, Options{Name: "bob", source: fromNowhere})
	k.out.wait(t, "* bob joined\n")
	other.stop()
	k.out.wait(t, "* bob left\n")
	k.type_("/join den", "in the den")
	k.out.wait(t, "ann: in the den")
	if got := f.texts("den"); !slices.Equal(got, []string{"in the den"}) {
		t.Errorf("in the other room: %q", got)
	}
	k.type_("/quit")
	if err := k.end(); err != nil {
		t.Error(err)
	}
}

func TestReaderGoneEndsChat(t *testing.T) {
	f := newFake(t)
	f.say("lobby", "bob", "old", "")
	k := start(t, f, Options{source: fromNowhere, History: 1, Out: brokenPipe{fmt.Errorf("write: %w", syscall.EPIPE)}})
	if err := k.end(); err != nil {
		t.Errorf("a closed pipe is no error: %v", err)
	}
	k = start(t, f, Options{source: fromNowhere, History: 1, Out: brokenPipe{errDisk}})
	if err := k.end(); !errors.Is(err, errDisk) {
		t.Errorf("the end is %v", err)
	}
}

func TestNotAcknowledgedAtTheEnd(t *testing.T) {
	f := newFake(t)
	f.publish = func(string, string, int) fakeAction { return fakeAction{silent: true, lose: true} }
	k := start(t, f, Options{patience: 100 * time.Millisecond})
	k.type_("one", "two")
	_ = k.in.Close()
	if err := k.end(); err == nil || !strings.Contains(err.Error(), "2 messages were not acknowledged") {
		t.Errorf("the end is %v", err)
	}
}

func TestUnreachableServerIsExplained(t *testing.T) {
	f := newFake(t)
	for _, c := range []struct{ url, want string }{
		{"127.0.0.1:1", "connection refused"},
		{f.srv.URL + "/elsewhere", "no chat at /elsewhere (404)"},
		{"wss://" + f.url(), "does not speak TLS"},
		{"tcp://x", `cannot chat over "tcp"`},
	} {
		k := start(t, f, Options{URL: c.url})
		err := k.end()
		var h *clierr.Error
		if !errors.As(err, &h) || !strings.Contains(err.Error(), c.want) || h.Hint == "" {
			t.Errorf("%s: %v, want %q", c.url, err, c.want)
		}
	}
}

// A message above the server's limit ends the connection (1009): the others are sent, and that one is not tried again.
func TestTooLongMessageIsReported(t *testing.T) {
	addr := serve(t, true)
	k := start(t, nil, Options{URL: addr})
	k.type_("one", strings.Repeat("x", 70_000), "two")
	_ = k.in.Close()
	err := k.end()
	if err == nil || !strings.Contains(err.Error(), "1 message could not be sent: the message is too long for the server (1009)") {
		t.Errorf("the end is %v", err)
	}
	reader := start(t, nil, Options{URL: addr, source: fromNowhere, History: AutoHistory})
	reader.out.wait(t, "ann: two\n")
	if text := reader.out.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, "ann: one\n") {
		t.Errorf("in the room:\n%.500s", text)
	}
}

func TestNeverAcknowledgedMessageIsGivenUp(t *testing.T) {
	f := newFake(t)
	f.publish = func(_, text string, _ int) fakeAction { return fakeAction{silent: text == "bad", lose: text == "bad"} }
	k := start(t, f, Options{timeout: 500 * time.Millisecond}) // also that of the opening handshake
	k.type_("one", "bad", "two")
	_ = k.in.Close()
	if err := k.end(); err == nil || !strings.Contains(err.Error(), "1 message could not be sent: the server never acknowledges") {
		t.Errorf("the end is %v", err)
	}
	if got, want := f.texts("lobby"), []string{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
}

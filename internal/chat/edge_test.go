package chat

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/edge"
	"github.com/throngd/throng/netpoll"
)

// The tests of this file use the real server, in this process.

// serve runs an edge on which all clients may do everything, and returns its address.
func serve(t *testing.T, anonymous bool) string {
	t.Helper()
	all := config.Options{
		Presence: true, JoinLeave: true, HistorySize: 100, HistoryTTL: time.Hour, ForceRecovery: true, ForcePositioning: true,
		AllowSubscribeForClient: true, AllowSubscribeForAnonymous: true, AllowPublishForClient: true, AllowPublishForAnonymous: true,
		AllowPresenceForClient: true, AllowPresenceForAnonymous: true, AllowHistoryForClient: true, AllowHistoryForAnonymous: true,
	}
	mute := all
	mute.AllowPublishForClient = false
	e, err := edge.New(edge.Config{
		Client: config.Client{AllowAnonymous: anonymous, NameAsInfo: true},
		Channel: config.Channel{WithoutNamespace: all, Namespaces: []config.Namespace{
			{Name: "mute", Options: mute},
			{Name: "fleeting", Options: config.Options{AllowSubscribeForClient: true, AllowSubscribeForAnonymous: true, AllowPublishForClient: true, AllowPublishForAnonymous: true}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := &netpoll.Server{Addr: "127.0.0.1:0", Loops: 1, Endpoints: e.Endpoints()}
	if err := srv.Listen(); err != nil {
		t.Fatal(err)
	}
	e.Bind(srv)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve() }()
	t.Cleanup(func() {
		_ = srv.Close()
		if err := <-ended; !errors.Is(err, netpoll.ErrServerClosed) {
			t.Error(err)
		}
		e.Close()
	})
	return srv.ListenAddr().String()
}

func send(t *testing.T, addr, name string, lines ...string) {
	t.Helper()
	k := start(t, nil, Options{URL: addr, Name: name})
	k.type_(lines...)
	k.leave()
}

func TestEdgeHistoryJoinsAndMessages(t *testing.T) {
	addr := serve(t, true)
	send(t, addr, "ann", "one", "two")
	k := start(t, nil, Options{URL: addr, Name: "eve", source: fromTerminal, History: AutoHistory})
	k.out.wait(t, "two\n")
	lines := strings.Split(k.out.String(), "\n")
	if at, err := time.ParseInLocation(plainTime, lines[0][:len(plainTime)], time.Local); err != nil || time.Since(at) > time.Minute {
		t.Errorf("the time of a message from history: %q, %v", lines[0], err)
	}
	if !strings.HasSuffix(lines[0], " ann: one") || !strings.HasSuffix(lines[1], " ann: two") {
		t.Errorf("history: %q", lines[:2])
	}
	k.type_("/who")
	k.err.wait(t, "1 here: eve (you)")
	other := start(t, nil, Options{URL: addr, Name: "bob"})
	k.out.wait(t, "* bob joined\n")
	other.type_("from bob")
	k.out.wait(t, "bob: from bob\n")
	other.leave()
	k.out.wait(t, "* bob left\n")
	k.type_("hello")
	k.out.wait(t, "eve: hello\n")
	k.leave()
}

func TestEdgeRecoversAfterLostConnection(t *testing.T) {
	addr := serve(t, true)
	w := newWire(t, addr)
	k := start(t, nil, Options{URL: w.Addr().String(), Name: "eve", source: fromTerminal})
	k.type_("before")
	k.out.wait(t, "eve: before\n")
	w.set(true)
	k.err.wait(t, "connection lost, reconnecting")
	send(t, addr, "ann", "missed one", "missed two")
	k.type_("typed meanwhile")
	w.set(false)
	k.err.wait(t, "back: 2 missed messages")
	k.out.wait(t, "eve: typed meanwhile\n")
	k.leave()
	text := k.out.String()
	for _, s := range []string{"eve: before", "ann: missed one", "ann: missed two", "eve: typed meanwhile"} {
		i := strings.Index(text, s)
		if i < 0 || strings.Count(text, s) != 1 {
			t.Errorf("%q is not there once, in order:\n%s", s, k.out)
			continue
		}
		text = text[i:]
	}
}

// A pipe continues after the connection has broken while a message or its reply was in flight. No message is lost,
// duplicated or out of order.
func TestEdgePipeOverBrokenConnections(t *testing.T) {
	addr := serve(t, true)
	w := newWire(t, addr)
	reader := start(t, nil, Options{URL: addr, Name: "eve", source: fromNowhere})
	reader.waitIn(addr)
	k := start(t, nil, Options{URL: w.Addr().String(), Name: "ann"})
	breaks := []lossy{aRequest, anAnswer, aRequest, anAnswer}
	var want []string
	for i := range 60 {
		if i%15 == 10 {
			reader.out.wait(t, want[i-1]+"\n") // every message is answered before the next one is sent
			w.loseNext(breaks[i/15])
		}
		line := "line " + strings.Repeat("x", i)
		want = append(want, line)
		k.type_(line)
		if i%15 == 10 {
			w.waitLoss(t)
		}
	}
	k.leave()
	reader.out.wait(t, want[len(want)-1]+"\n")
	var got []string
	for l := range strings.Lines(reader.out.String()) {
		if _, text, ok := strings.Cut(strings.TrimSuffix(l, "\n"), " ann: "); ok {
			got = append(got, text)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("read %d lines of %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
}

// waitIn returns when the client reads the lobby.
func (k *talk) waitIn(addr string) {
	k.t.Helper()
	for range 100 {
		send(k.t, addr, "sentinel", "in?")
		if strings.Contains(k.out.String(), "in?") {
			return
		}
	}
	k.t.Fatal("the reader does not come in")
}

func TestEdgeRefusals(t *testing.T) {
	addr, closed := serve(t, true), serve(t, false)
	for _, c := range []struct{ url, room, want string }{
		{addr, "nowhere:x", "no such room (102)"},
		{addr, "mute:x", "1 message could not be sent: permission denied (103)"},
		{closed, "lobby", "does not accept connections without a token (3501)"},
		{addr + "/nothing", "lobby", "has no chat at /nothing (404)"},
	} {
		k := start(t, nil, Options{URL: c.url, Room: c.room})
		_, _ = k.in.Write([]byte("hello\n"))
		if err := k.end(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.room, err, c.want)
		}
	}
}

func TestEdgeRoomWithoutHistory(t *testing.T) {
	addr := serve(t, true)
	w := newWire(t, addr)
	k := start(t, nil, Options{URL: w.Addr().String(), Room: "fleeting:x", Name: "eve", source: fromTerminal})
	k.type_("one")
	k.out.wait(t, "eve: one\n")
	k.type_("/history")
	k.err.wait(t, "no history: not available in this room (108)")
	w.set(true)
	k.err.wait(t, "reconnecting")
	k.type_("/who")
	k.err.wait(t, "not in the room at the moment")
	w.set(false)
	k.err.wait(t, "back; this room keeps no history")
	k.type_("two")
	k.out.wait(t, "eve: two\n")
	k.leave()
}

// A line with NUL is shown and not sent, the other lines are sent, and Run returns an error.
func TestEdgeLineWithNULIsNotSent(t *testing.T) {
	addr := serve(t, true)
	k := start(t, nil, Options{URL: addr, Name: "ann"})
	k.type_("one", "b\x00d", "two")
	_ = k.in.Close()
	var h *clierr.Error
	if err := k.end(); !errors.As(err, &h) || !strings.Contains(err.Error(), "1 message could not be sent: the text contains a NUL character") || h.Hint == "" || h.Usage {
		t.Errorf("the end is %v (%+v)", err, h)
	}
	if want := "not sent: the text contains a NUL character (U+0000), which servers refuse: b\ufffdd\n"; !strings.Contains(k.err.String(), want) {
		t.Errorf("told %q, want %q", k.err, want)
	}
	reader := start(t, nil, Options{URL: addr, source: fromNowhere, History: AutoHistory})
	reader.out.wait(t, "ann: two\n")
	if text := reader.out.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, "ann: one\n") {
		t.Errorf("in the room:\n%.500s", text)
	}
}

// A room name with NUL is rejected before it is sent.
func TestEdgeRoomWithNULIsRejected(t *testing.T) {
	k := start(t, nil, Options{URL: serve(t, true), source: fromTerminal})
	k.type_("/join a\x00b")
	k.err.wait(t, "the room's name contains a NUL character (U+0000)")
	k.leave()
}

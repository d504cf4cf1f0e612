package edge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// TestMain checks that no goroutine of the server is left. The Go SDK leaves one for each command until its timeout.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge-go.(*Client).sendAsync.func1"))
}

// tokens is an Authenticator for which the token is the user's name, except for "expired", "banned" and so on.
type tokens struct{}

func (tokens) Authenticate(r *AuthRequest) (Identity, error) {
	switch r.Token {
	case "":
		return anonymous{config.Client{AllowAnonymous: true, NameAsInfo: true}}.Authenticate(r)
	case "expired":
		return Identity{}, protocol.ErrTokenExpired
	case "banned":
		return Identity{}, protocol.DisconnectPermissionDenied
	case "broken":
		return Identity{}, errors.New("no database")
	case "hour":
		return Identity{User: "hour", ExpireAt: time.Now().Add(time.Hour)}, nil
	case "second":
		return Identity{User: "second", ExpireAt: time.Now().Add(time.Second)}, nil
	case "header":
		return Identity{User: r.Header["X-User"] + r.Query + r.Headers["h"]}, nil
	}
	return Identity{User: r.Token, Info: []byte(`{"name":"` + r.Token + `"}`)}, nil
}

func everything() config.Options {
	return config.Options{
		Presence: true, JoinLeave: true, HistorySize: 10, HistoryTTL: time.Hour, AllowRecovery: true, AllowPositioning: true,
		AllowSubscribeForClient: true, AllowSubscribeForAnonymous: true,
		AllowPublishForClient: true, AllowPublishForSubscriber: true, AllowPublishForAnonymous: true,
		AllowPresenceForClient: true, AllowPresenceForSubscriber: true, AllowPresenceForAnonymous: true,
		AllowHistoryForClient: true, AllowHistoryForSubscriber: true, AllowHistoryForAnonymous: true,
		AllowUserLimitedChannels: true,
	}
}

func testChannels() config.Channel {
	forced := everything()
	forced.ForceRecovery, forced.ForcePushJoinLeave = true, true
	users := everything()
	users.AllowSubscribeForAnonymous, users.AllowPublishForAnonymous = false, false
	return config.Channel{WithoutNamespace: everything(), Namespaces: []config.Namespace{
		{Name: "forced", Options: forced},
		{Name: "users", Options: users},
		{Name: "closed"},
		{Name: "typing", Options: config.Options{
			AllowSubscribeForClient: true, AllowSubscribeForAnonymous: true, AllowPublishForClient: true, AllowPublishForAnonymous: true,
		}},
		{Name: "members", Options: config.Options{
			AllowSubscribeForClient: true, AllowPublishForSubscriber: true, AllowHistoryForSubscriber: true,
			HistorySize: 10, HistoryTTL: time.Hour, Presence: true, AllowPresenceForSubscriber: true,
		}},
	}}
}

// serve runs a server with an edge on loopback until the test ends.
func serve(t testing.TB, change func(*Config)) (*Edge, string) {
	t.Helper()
	return serveOn(t, change, func(*netpoll.Server) {})
}

// serveOn is serve with a function that changes the server.
func serveOn(t testing.TB, change func(*Config), adapt func(*netpoll.Server)) (*Edge, string) {
	t.Helper()
	cfg := Config{Loops: 2, Version: "throng test", Channel: testChannels(), Auth: tokens{}, AuthHeaders: []string{"X-User"}, Echo: true}
	cfg.Hub.JoinLeaveDelay = time.Millisecond
	if change != nil {
		change(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &netpoll.Server{Addr: "127.0.0.1:0", Loops: cfg.Loops, Endpoints: e.Endpoints(), OnError: func(err error) { t.Error(err) }}
	adapt(s)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	e.Bind(s)
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
		e.Close()
	})
	return e, "ws://" + s.ListenAddr().String() + "/connection/websocket"
}

// peer is one raw client; lines are what the server sent, taken apart at line ends.
type peer struct {
	t     testing.TB
	ws    *websocket.Conn
	lines []string

	protobuf bool // frames are translated, see dialProtobuf
}

func dial(t testing.TB, url string) *peer {
	t.Helper()
	return dialAs(t, url, "centrifuge-json")
}

// connect dials and connects as a user.
func connect(t testing.TB, url, user string) *peer {
	t.Helper()
	p := dial(t, url)
	p.connect(user)
	return p
}

func (p *peer) connect(user string) {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"id":1,"connect":{"token":%q}}`, user))
	p.expect(`{"id":1,"connect":{*}}`)
}

func (p *peer) send(frame string) {
	p.t.Helper()
	kind, b := websocket.MessageText, []byte(frame)
	if p.protobuf {
		var err error
		if b, err = protobufCommands(frame); err != nil {
			p.t.Fatal(err)
		}
		kind = websocket.MessageBinary
	}
	if err := p.ws.Write(context.Background(), kind, b); err != nil {
		p.t.Fatal(err)
	}
}

// next is the next line, or how the connection was closed.
func (p *peer) next() string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for len(p.lines) == 0 {
		kind, b, err := p.ws.Read(ctx)
		var closed websocket.CloseError
		if errors.As(err, &closed) {
			return fmt.Sprintf("close %d %s", closed.Code, closed.Reason)
		}
		if err != nil {
			return err.Error()
		}
		switch {
		case p.protobuf != (kind == websocket.MessageBinary):
			p.t.Fatalf("a message of type %v: %q", kind, b)
		case p.protobuf:
			p.lines = jsonReplies(p.t, b)
		default:
			p.lines = strings.Split(string(b), "\n")
		}
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	return line
}

// expect compares the next line with a pattern in which * is anything.
func (p *peer) expect(pattern string) string {
	p.t.Helper()
	line := p.next()
	if !lineRegexp(pattern).MatchString(line) {
		p.t.Fatalf("got  %s\nwant %s", line, pattern)
	}
	return line
}

// find takes the first of the next lines that fits the pattern; those before it stay.
func (p *peer) find(pattern string) {
	p.t.Helper()
	re := lineRegexp(pattern)
	for seen := []string{}; len(seen) < 10; {
		line := p.next()
		if re.MatchString(line) {
			p.lines = append(seen, p.lines...)
			return
		}
		if seen = append(seen, line); strings.HasPrefix(line, "close") {
			break
		}
	}
	p.t.Fatalf("no line is %s", pattern)
}

// until skips lines until one fits the pattern.
func (p *peer) until(pattern string) {
	p.t.Helper()
	for re := lineRegexp(pattern); ; {
		line := p.next()
		if re.MatchString(line) {
			return
		}
		if !strings.HasPrefix(line, "{") {
			p.t.Fatalf("got %s before %s", line, pattern)
		}
	}
}

// lineRegexp makes a pattern in which * is anything.
func lineRegexp(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + "$")
}

// TestTranscripts plays the conversations of testdata/*.txt. A line is a peer, a sign and a text: "+" connects it
// as the user of its name (or with the token behind the sign), "~" only dials, ">" sends a frame (\n is a line end),
// "<" is the next line from the server, "?" one of the next (a reply and a push may come in any order), "-" closes.
// "# name" begins a conversation with new peers and rooms.
// Each is played in JSON, in Protobuf, and with every second peer in Protobuf; "(JSON)" in the name leaves it at JSON.
func TestTranscripts(t *testing.T) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".txt") {
			t.Run(strings.TrimSuffix(f.Name(), ".txt"), func(t *testing.T) { playFile(t, "testdata/"+f.Name()) })
		}
	}
}

func playFile(t *testing.T, path string) {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, url := serve(t, nil)
	for part := range strings.SplitSeq("\n"+string(b), "\n# ") {
		name, lines, _ := strings.Cut(part, "\n")
		if strings.TrimSpace(lines) != "" {
			for form, dials := range map[string][]func(testing.TB, string) *peer{
				"json": {dial}, "protobuf": {dialProtobuf}, "both": {dial, dialProtobuf},
			} {
				if form == "json" || !strings.Contains(name, "(JSON)") {
					t.Run(name+"/"+form, func(t *testing.T) { play(t, url, name+" "+form, lines, dials) })
				}
			}
		}
	}
}

func play(t *testing.T, url, name, lines string, dials []func(testing.TB, string) *peer) {
	peers := map[string]*peer{}
	unique := strings.NewReplacer("ROOM", strings.ReplaceAll(name, " ", "-"), `\n`, "\n")
	for s := bufio.NewScanner(strings.NewReader(lines)); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		if line == "" {
			continue
		}
		who, sign, text := line[:1], line[1:2], unique.Replace(strings.TrimSpace(line[2:]))
		t.Log(line)
		switch sign {
		case "~":
			peers[who] = dials[len(peers)%len(dials)](t, url+text)
		case "+":
			if text == "" {
				text = who
			}
			peers[who] = dials[len(peers)%len(dials)](t, url)
			peers[who].connect(text)
		case ">":
			peers[who].send(text)
		case "<":
			peers[who].expect(text)
		case "?":
			peers[who].find(text)
		case "-":
			_ = peers[who].ws.Close(websocket.StatusNormalClosure, "")
		default:
			t.Fatalf("what is %q?", line)
		}
	}
}

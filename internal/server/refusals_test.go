package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/internal/config"
)

// loggingTo runs a server whose log, at this level, a test can read. Nobody may publish.
func loggingTo(t *testing.T, level slog.Level) (s *Server, book *logBook) {
	t.Helper()
	book = &logBook{}
	cfg := configured(t, map[string]any{
		"drain": time.Duration(0), "client": config.Client{AllowAnonymous: true},
		"channel": config.Channel{MaxLength: 255, WithoutNamespace: config.Options{AllowSubscribeForClient: true, AllowSubscribeForAnonymous: true}},
	})
	return built(t, cfg, slog.NewJSONHandler(book, &slog.HandlerOptions{Level: level})), book
}

// misbehave is refused in several ways, over one connection and without.
func misbehave(t *testing.T, addr string) {
	t.Helper()
	if _, code := dial(t, "ws://"+addr+"/ws", "https://evil.example"); code != http.StatusForbidden {
		t.Error(code)
	}
	plain, _ := dial(t, "ws://"+addr+"/ws", "")
	c := &wss{Conn: plain}
	c.talk(t, `{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"channel":"private-room"}}`, `"id":2,"subscribe"`)
	for range 3 {
		c.talk(t, `{"id":3,"publish":{"channel":"private-room","data":"private-text"}}`, `"id":3,"error":{"code":103`)
	}
	if err := c.Write(t.Context(), websocket.MessageText, []byte("no command")); err != nil {
		t.Fatal(err)
	}
	for {
		if _, _, err := c.Read(t.Context()); err != nil {
			break
		}
	}
}

// lines are those of a log with a message.
func linesOf(t *testing.T, log, msg string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(log) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		if fields["msg"] == msg {
			all = append(all, fields)
		}
	}
	return all
}

// TestDebugFollowsOneConnection: the log has the events of a connection under its client id, but none of its data.
func TestDebugFollowsOneConnection(t *testing.T) {
	s, book := loggingTo(t, slog.LevelDebug)
	stop := serve(t, s)
	misbehave(t, s.Addr().String())
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	log := book.String()
	opened := linesOf(t, log, "connection opened")
	if len(opened) != 1 || !regexp.MustCompile(`^127\.0\.0\.1:\d+$`).MatchString(opened[0]["address"].(string)) {
		t.Fatalf("%v in %s", opened, log)
	}
	client := opened[0]["client"]
	for msg, want := range map[string]map[string]any{
		"connected":       {"anonymous": true},
		"command refused": {"command": "publish", "code": 103.0},
		"disconnected":    {"code": 3501.0, "reason": "bad request"},
	} {
		found := linesOf(t, log, msg)
		if n := map[string]int{"command refused": 3}[msg]; len(found) != max(n, 1) {
			t.Errorf("%s: %v", msg, found)
			continue
		}
		for key, value := range want {
			if found[0][key] != value || found[0]["client"] != client {
				t.Errorf("%s: %v, want %s: %v of %v", msg, found[0], key, value, client)
			}
		}
		if msg == "disconnected" && found[0]["duration"] == nil {
			t.Errorf("%v", found[0])
		}
	}
	if refused := linesOf(t, log, "connection refused"); len(refused) != 1 || refused[0]["status"] != 403.0 || refused[0]["reason"] != "origin" || refused[0]["address"] == "" {
		t.Errorf("%v", refused)
	}
	if strings.Contains(log, "private") {
		t.Errorf("names or texts are logged: %s", log)
	}
}

// TestRefusalsAreSummarized: at info one line has the refusals by kind and reason. Without refusals there is no line.
func TestRefusalsAreSummarized(t *testing.T) {
	s, book := loggingTo(t, slog.LevelInfo)
	stop := serve(t, s)
	misbehave(t, s.Addr().String())
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	found := linesOf(t, book.String(), "refused")
	if len(found) != 1 {
		t.Fatal(book.String())
	}
	delete(found[0], "time")
	delete(found[0], "seconds")
	got, _ := json.Marshal(found[0])
	if want := `{"commands":{"103":3},"disconnects":{"3501":1},"level":"INFO","msg":"refused","requests":{"origin":1}}`; string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
	if log := book.String(); strings.Contains(log, `"client"`) || strings.Contains(log, "private") {
		t.Error(log)
	}

	s, book = loggingTo(t, slog.LevelInfo)
	stop = serve(t, s)
	plain, _ := dial(t, "ws://"+s.Addr().String()+"/ws", "")
	(&wss{Conn: plain}).talk(t, `{"id":1,"connect":{}}`, `"id":1,"connect"`)
	_ = plain.Close(websocket.StatusNormalClosure, "")
	if err := stop(t.Context()); err != nil || book.String() != "" {
		t.Error(err, book.String())
	}
}

// TestRefusalSummariesAreDifferences: a summary counts from the one before.
func TestRefusalSummariesAreDifferences(t *testing.T) {
	s, book := loggingTo(t, slog.LevelInfo)
	serve(t, s)
	stop := s.summarizeEvery(10 * time.Millisecond)
	defer stop()
	for range 2 {
		before := len(linesOf(t, book.String(), "refused"))
		misbehave(t, s.Addr().String())
		waitFor(t, "a summary", func() bool { return len(linesOf(t, book.String(), "refused")) > before })
	}
	sum := 0.0
	waitFor(t, "the sum", func() bool {
		sum = 0
		for _, line := range linesOf(t, book.String(), "refused") {
			if commands, ok := line["commands"].(map[string]any); ok {
				sum += commands["103"].(float64)
			}
		}
		return sum >= 6
	})
	if sum != 6 {
		t.Errorf("%v commands were refused, 6 are told", sum)
	}
}

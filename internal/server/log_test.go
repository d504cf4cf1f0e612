package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/coder/websocket"
)

// logBook stores the log of a test.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const (
	secret = "eyJhbGciOiJIUzI1NiJ9.s3cr3t"
	spell  = "\x1b[31mevil\r\nlevel=ERROR msg=forged"
)

// TestLogIsSafeFromHostileClients sends line ends, escape sequences and a token in every field that a client can set, at log
// level debug. The log must have none of the control characters unescaped, and no part of the token.
func TestLogIsSafeFromHostileClients(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			book := &logBook{}
			s := startLogged(t, book, format)
			addr := s.Addr().String()
			for _, raw := range []string{
				"GET /" + spell + "?token=" + secret + " HTTP/1.1\r\nHost: x\r\n\r\n",
				"GET /?token=" + secret + " HTTP/1.1\r\nHost: " + spell + "\r\n\r\n",
				"GET /nowhere?token=" + secret + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\n\r\n",
				upgradeWith("Origin: http://" + spell),
				upgradeWith("Origin: http://evil%1b%0d%0a.example"),
				upgradeWith("Cookie: token=" + secret + "\r\nX-Forwarded-For: " + spell),
				upgradeWith("Sec-WebSocket-Protocol: \x1b[31m"),
				"PROXY TCP4 " + spell + "\r\n", "\x16\x03\x01" + spell, spell,
			} {
				shout(t, addr, raw)
			}
			converse(t, addr)
			// What fails inside: the text of an error or of a panic may be a client's.
			s.poll.OnError(errors.New("accept: " + spell))
			s.poll.Loop(0).Do(func() { panic(spell) })
			for end := time.Now().Add(10 * time.Second); !strings.Contains(book.String(), "panic in a callback"); time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the panic was not logged")
				}
			}
			inspect(t, book.String(), format)
		})
	}
}

func startLogged(t *testing.T, w io.Writer, format string) *Server {
	t.Helper()
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	var log slog.Handler = slog.NewJSONHandler(w, options)
	if format == "text" {
		log = slog.NewTextHandler(w, options)
	}
	s := built(t, configured(t, map[string]any{"dev": true, "drain": time.Duration(0)}), log)
	serve(t, s)
	return s
}

func upgradeWith(header string) string {
	return "GET /ws?token=" + secret + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + header + "\r\n\r\n"
}

// shout sends bytes and waits for a response or the end of the connection.
func shout(t *testing.T, addr, raw string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, raw)
	if _, err := c.Read(make([]byte, 1)); errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no answer to %q", raw)
	}
}

// converse sends commands of the protocol with hostile names, rooms, tokens and data.
func converse(t *testing.T, addr string) {
	t.Helper()
	name, _ := json.Marshal(spell)
	for _, lines := range []string{
		fmt.Sprintf(`{"id":1,"connect":{"token":%q}}`, secret),
		fmt.Sprintf(`{"id":1,"connect":{"token":%s,"name":%[1]s,"version":%[1]s,"headers":{"a":%[1]s}}}`, name),
		fmt.Sprintf(`{"id":1,"connect":{"name":%s,"data":{"name":%[1]s}}}`+"\n"+`{"id":2,"subscribe":{"channel":%[1]s,"token":%[1]s}}`+"\n"+
			`{"id":3,"subscribe":{"channel":%[1]s,"join_leave":true}}`+"\n"+`{"id":4,"publish":{"channel":%[1]s,"data":%[1]s}}`+"\n"+
			`{"id":5,%[1]s:{}}`+"\n"+`{"id":6,"refresh":{"token":%[1]s}}`, name),
		spell,
	} {
		c, _ := dial(t, "ws://"+addr+"/ws", "")
		if err := c.Write(t.Context(), websocket.MessageText, []byte(lines)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if _, _, err := c.Read(ctx); err != nil && websocket.CloseStatus(err) < 0 {
			t.Error(err)
		}
		cancel()
		_ = c.Close(websocket.StatusNormalClosure, spell[5:9])
	}
}

// inspect looks for bytes that a terminal or a log reader would interpret.
func inspect(t *testing.T, log, format string) {
	t.Helper()
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q stands raw in %q", line[i], line)
		}
		if format == "json" && !json.Valid([]byte(line)) {
			t.Errorf("not one JSON object: %q", line)
		}
		if format == "text" && !strings.HasPrefix(line, "time=") {
			t.Errorf("a forged line: %q", line)
		}
	}
	if strings.Contains(log, secret) || strings.Contains(log, "s3cr3t") {
		t.Errorf("the token is in the log:\n%s", log)
	}
	if !strings.Contains(log, "evil") {
		t.Errorf("the test logs nothing:\n%s", log)
	}
}

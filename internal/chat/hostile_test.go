package chat

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/internal/clierr"
)

// hostile is a server that answers connect and subscribe, and then calls a function of the test.
func hostile(t *testing.T, listen func(http.Handler) *httptest.Server, then func(ctx context.Context, ws *websocket.Conn, q fakeCommand)) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	srv := listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.CloseNow() }()
		for {
			_, b, err := ws.Read(ctx)
			if err != nil {
				return
			}
			for line := range bytes.Lines(b) {
				var q fakeCommand
				if err := json.Unmarshal(line, &q); err != nil {
					return
				}
				c := &fakeConn{Conn: ws}
				switch {
				case q.Connect != nil:
					c.reply(q.ID, "connect", map[string]any{"client": "me", "ping": 25})
				case q.Subscribe != nil:
					c.reply(q.ID, "subscribe", map[string]any{"epoch": "e", "recoverable": true, "positioned": true})
				}
				then(ctx, ws, q)
			}
		}
	}))
	t.Cleanup(func() { cancel(); srv.CloseClientConnections(); srv.Close() })
	return strings.Replace(srv.URL, "http", "ws", 1)
}

// A message above the limit ends the chat before it has been read, in whatever frames it arrives.
func TestMessageAboveTheLimit(t *testing.T) {
	chunk := bytes.Repeat([]byte(" "), 64<<10)
	for name, c := range map[string]struct {
		listen func(http.Handler) *httptest.Server
		pieces int // frames of one message, without end
	}{
		"one frame":      {httptest.NewServer, 1},
		"many fragments": {httptest.NewServer, 1000},
		"over TLS":       {httptest.NewTLSServer, 1},
	} {
		t.Run(name, func(t *testing.T) {
			url := hostile(t, c.listen, func(ctx context.Context, ws *websocket.Conn, q fakeCommand) {
				if q.Subscribe == nil {
					return
				}
				if c.pieces == 1 {
					_ = ws.Write(ctx, websocket.MessageText, bytes.Repeat(chunk, 40))
					return
				}
				w, err := ws.Writer(ctx, websocket.MessageText)
				for ; err == nil; _, err = w.Write(chunk) {
				}
			})
			k := start(t, nil, Options{URL: url, Insecure: true, source: fromNowhere, MaxMessage: 1 << 20})
			err := k.end()
			var h *clierr.Error
			if !errors.As(err, &h) || !strings.Contains(err.Error(), "a message of more than 1048576 bytes") || !strings.Contains(h.Hint, "--max-message") {
				t.Errorf("the end is %v", err)
			}
		})
	}
}

// Neither a response header without end nor a page without end is read to its end.
func TestHeaderWithoutEnd(t *testing.T) {
	for name, c := range map[string]struct{ begin, more, want string }{
		"header": {"HTTP/1.1 101 Switching Protocols\r\n", "X: " + strings.Repeat("y", 1000) + "\r\n", "does not speak HTTP"},
		"line":   {"HTTP/1.1 101 ", strings.Repeat("y", 1000), "does not speak HTTP"},
		"page":   {"HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("y", 1000), "answered with HTTP status 200"},
	} {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ln.Close() })
			go func() {
				for {
					c1, err := ln.Accept()
					if err != nil {
						return
					}
					go func() {
						defer c1.Close()
						_, err := http.ReadRequest(bufio.NewReader(c1))
						if err == nil {
							_, err = io.WriteString(c1, c.begin)
						}
						for err == nil {
							_, err = io.WriteString(c1, c.more)
						}
					}()
				}
			}()
			k := start(t, nil, Options{URL: "ws://" + ln.Addr().String(), source: fromNowhere})
			if err := k.end(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the end is %v, want %q", err, c.want)
			}
		})
	}
}

// Memory is bounded for publications during loading, long ids, and a history of any length.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("many megabytes are sent")
	}
	const megabytes = 120
	large := strings.Repeat("x", 500_000)
	flood := func(ctx context.Context, ws *websocket.Conn, data func(i int) string) {
		for i := range 2 * megabytes {
			text := fmt.Appendf(nil, `{"push":{"channel":"lobby","pub":{"data":%s}}}`, data(i))
			if ws.Write(ctx, websocket.MessageText, text) != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		then  func(ctx context.Context, ws *websocket.Conn, q fakeCommand)
		shown string // at the end
		where func(k *talk) *transcript
	}{
		"history is never answered": {func(ctx context.Context, ws *websocket.Conn, q fakeCommand) {
			if q.Subscribe != nil {
				flood(ctx, ws, func(i int) string { return fmt.Sprintf(`{"text":"%s %d"}`, large, i) })
				(&fakeConn{Conn: ws}).reply(3, "history", map[string]any{"epoch": "e"})
			}
		}, "not shown: too many arrived meanwhile", func(k *talk) *transcript { return k.err }},
		"long ids": {func(ctx context.Context, ws *websocket.Conn, q fakeCommand) {
			if q.History != nil {
				(&fakeConn{Conn: ws}).reply(q.ID, "history", map[string]any{"epoch": "e"})
				flood(ctx, ws, func(i int) string { return fmt.Sprintf(`{"text":"%d","id":"%d %s"}`, i, i, large) })
			}
		}, fmt.Sprintf(": %d\n", 2*megabytes-1), func(k *talk) *transcript { return k.out }},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			k := start(t, nil, Options{URL: hostile(t, httptest.NewServer, c.then), source: fromNowhere, History: AutoHistory, timeout: time.Minute})
			c.where(k).waitLong(t, c.shown)
			if grown := heap() - before; grown > 60<<20 {
				t.Errorf("%d MiB more are in use", grown>>20)
			}
			k.stop()
			if err := k.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// waitLong is wait with a longer timeout.
func (r *transcript) waitLong(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !strings.Contains(r.String(), text); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %q", text)
		}
	}
}

// stuck is a writer that blocks until it is released.
type stuck struct{ free chan struct{} }

func (s stuck) Write(b []byte) (int, error) { <-s.free; return len(b), nil }

// An output without a reader delays neither the messages to be sent nor the end by a signal.
func TestOutputWithoutReader(t *testing.T) {
	f := newFake(t)
	s := stuck{make(chan struct{})}
	defer close(s.free)
	k := start(t, f, Options{Out: s})
	k.out.waitJoined(t, f)
	for i := range 20 {
		f.say("lobby", "bob", fmt.Sprint("text ", i), fmt.Sprint("id", i))
	}
	k.type_("one", "two")
	_ = k.in.Close()
	select {
	case <-f.left: // the connection is closed when everything is acknowledged
	case <-time.After(15 * time.Second):
		t.Fatalf("%q are in the room", f.texts("lobby"))
	}
	if got := f.texts("lobby"); got[len(got)-1] != "two" {
		t.Errorf("the last message is %q", got[len(got)-1])
	}
	k.stop()
	if err := k.end(); err != nil {
		t.Error(err)
	}
}

// waitJoined returns when the client is in the lobby.
func (r *transcript) waitJoined(t *testing.T, f *fake) {
	t.Helper()
	select {
	case <-f.joined:
	case <-time.After(15 * time.Second):
		t.Fatal("the client does not enter")
	}
}

// A pipe as input is sent although the reader of the output has gone.
func TestPipeSendsOnWithoutAReader(t *testing.T) {
	for name, c := range map[string]struct{ failure, want error }{
		"closed pipe": {syscall.EPIPE, nil},
		"full disk":   {errDisk, errDisk},
	} {
		f := newFake(t)
		k := start(t, f, Options{Out: brokenPipe{c.failure}})
		k.out.waitJoined(t, f)
		f.say("lobby", "bob", "somebody else's", "")
		k.type_("one", "two", "three")
		_ = k.in.Close()
		if err := k.end(); !errors.Is(err, c.want) {
			t.Errorf("%s: the end is %v", name, err)
		}
		if got := strings.Join(f.texts("lobby")[1:], " "); got != "one two three" {
			t.Errorf("%s: sent %q", name, got)
		}
	}
}

// The number of lines that wait while the connection is lost is bounded.
func TestQueueOfTypedLinesIsBounded(t *testing.T) {
	f := newFake(t)
	f.publish = func(string, string, int) fakeAction { return fakeAction{silent: true, lose: true} }
	k := start(t, f, Options{source: fromTerminal, timeout: time.Minute, patience: time.Millisecond})
	k.out.waitJoin(t, f)
	for range outboxMost {
		k.type_("pasted")
	}
	k.type_("one more", "and one")
	k.err.wait(t, fmt.Sprintf("not sent: %d messages wait already: and one", outboxMost))
	k.stop()
	_ = k.end()
}

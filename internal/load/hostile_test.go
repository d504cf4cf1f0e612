package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// answerFunc answers a command in its own way, or reports false to have it answered as usual.
type answerFunc func(c *netpoll.Conn, cmd *command) (answered bool)

// command is a command of a client.
type command struct {
	ID        uint32
	Connect   *struct{}
	Subscribe *struct{ Channel string }
	Publish   *struct {
		Channel string
		Data    string
	}
	History *struct{ Channel string }
}

func hostileServer(t *testing.T, answer answerFunc) string {
	t.Helper()
	return netpollServer(t, netpoll.Endpoint{Path: "/connection/websocket", MaxBacklog: 1 << 30, OnMessage: func(c *netpoll.Conn, _ frame.Op, p []byte) {
		for line := range bytes.Lines(p) {
			var cmd command
			if err := json.Unmarshal(line, &cmd); err != nil || cmd.ID == 0 {
				continue
			}
			if !answer(c, &cmd) {
				usual(c, &cmd)
			}
		}
	}})
}

// usual answers as a correct server does.
func usual(c *netpoll.Conn, cmd *command) {
	switch {
	case cmd.Connect != nil:
		say(c, `{"id":1,"connect":{"client":"a","ping":25}}`)
	case cmd.Subscribe != nil:
		say(c, `{"id":2,"subscribe":{"epoch":"e","recoverable":true,"positioned":true}}`)
	case cmd.Publish != nil:
		say(c, `{"id":%d,"publish":{"offset":1,"epoch":"e"}}`, cmd.ID)
	case cmd.History != nil:
		say(c, `{"id":3,"history":{"epoch":"e","offset":0}}`)
	}
}

func say(c *netpoll.Conn, format string, args ...any) {
	c.Send(frame.OpText, fmt.Appendf(nil, format, args...))
}

const escapes = "\x1b[2J\x1b]0;owned\a\u009b31m\u202eevil\r\nthrong: error: forged"

// Texts from the server are shown without control characters and cut to a short length.
func TestServerTextsAreSafeToShow(t *testing.T) {
	text, err := json.Marshal(escapes + strings.Repeat("long", 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(c *netpoll.Conn, cmd *command) bool {
		say(c, `{"id":%d,"error":{"code":103,"message":%s}}`, cmd.ID, text)
		return true
	}
	for name, answer := range map[string]answerFunc{
		"connect":   refuse,
		"subscribe": func(c *netpoll.Conn, cmd *command) bool { return cmd.Subscribe != nil && refuse(c, cmd) },
		"publish":   func(c *netpoll.Conn, cmd *command) bool { return cmd.Publish != nil && refuse(c, cmd) },
		"history":   func(c *netpoll.Conn, cmd *command) bool { return cmd.History != nil && refuse(c, cmd) },
		"close": func(c *netpoll.Conn, cmd *command) bool {
			if cmd.Publish != nil {
				c.Close(3555, escapes)
			}
			return cmd.Publish != nil
		},
		"unsubscribe": func(c *netpoll.Conn, cmd *command) bool {
			if cmd.Publish != nil {
				say(c, `{"push":{"channel":"x","unsubscribe":{"code":2500,"reason":%s}}}`, text)
			}
			return false
		},
		"other room": func(c *netpoll.Conn, cmd *command) bool {
			if cmd.Publish != nil {
				say(c, `{"push":{"channel":%s,"pub":{"data":%[1]s}}}`, text)
			}
			return false
		},
		"epoch": func(c *netpoll.Conn, cmd *command) bool {
			if cmd.Subscribe != nil {
				say(c, `{"id":2,"subscribe":{"epoch":%s,"recoverable":true}}`, text)
			}
			return cmd.Subscribe != nil
		},
	} {
		r, err := Run(t.Context(), Options{Scenario: "fanout", URL: "ws://" + hostileServer(t, answer), Connections: 2, Rate: 50, Duration: 200 * time.Millisecond, Patience: time.Second, Loops: 1, MaxMessage: 16 << 20})
		var out bytes.Buffer
		if r != nil {
			if err := r.WriteText(&out); err != nil {
				t.Error(err)
			}
			if err := r.WriteJSON(&out); err != nil {
				t.Error(err)
			}
		}
		delivering := out.String()
		if err != nil {
			delivering += err.Error()
		}
		if i := strings.IndexFunc(strings.ReplaceAll(delivering, "\n", ""), func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || strings.Contains(delivering, "\nthrong: error") {
			t.Errorf("%s: a character that is not printable, at %d: %q", name, i, delivering)
		}
		if len(delivering) > 64<<10 {
			t.Errorf("%s: %d bytes are delivering", name, len(delivering))
		}
	}
}

// Neither one message nor any number of invented messages fills the memory, and the run ends.
func TestMemoryIsBoundedWhateverServerSends(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 4<<20)
	var made atomic.Uint32
	// invented sends messages in the form of the run's own, copied from one of them.
	invented := func(c *netpoll.Conn, cmd *command, offset func(n uint32) uint32) bool {
		if cmd.Publish == nil {
			return false
		}
		filling := newFilling(128)
		m, ok := parseBody([]byte(cmd.Publish.Data), filling)
		if !ok {
			t.Errorf("%+v", cmd)
		}
		for made.Load() < 30_000 { // at once: more than the run may send, whatever time it has
			var batch []byte
			for range 5_000 {
				m.number = made.Add(1) + 1000
				batch = append(batch, publicationPrefix(cmd.Publish.Channel)...)
				batch = m.append(batch, filling)
				batch = fmt.Appendf(batch, `","offset":%d}}}`+"\n", offset(m.number))
			}
			c.Send(frame.OpText, batch[:len(batch)-1])
		}
		return false
	}
	for name, c := range map[string]struct {
		answer answerFunc
		want   string
	}{
		"a message above the limit": {func(c *netpoll.Conn, cmd *command) bool {
			if cmd.Publish != nil && made.Add(1) == 1 { // once, so that the backlog of the server is no part of the memory
				c.Send(frame.OpText, big)
			}
			return false
		}, "1009"},
		"invented messages": {func(c *netpoll.Conn, cmd *command) bool {
			return invented(c, cmd, func(n uint32) uint32 { return n })
		}, errTooManyMessages.Error()},
		"history without end": {func(c *netpoll.Conn, cmd *command) bool {
			if cmd.History != nil {
				say(c, `{"id":3,"history":{"epoch":"e","offset":9000,"publications":[{"data":"x","offset":1}]}}`)
			}
			return cmd.History != nil
		}, "leads nowhere"},
		"history of what nobody sent": {func(c *netpoll.Conn, cmd *command) bool {
			if cmd.History == nil {
				return false
			}
			last := made.Add(1)
			say(c, `{"id":3,"history":{"epoch":"e","offset":4000000000,"publications":[{"data":"x","offset":%d}]}}`, last)
			return true
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			made.Store(0)
			before := heap()
			began := time.Now()
			r, err := Run(t.Context(), Options{
				Scenario: "fanout", URL: "ws://" + hostileServer(t, c.answer), Connections: 3, Rate: 50, Duration: 2 * time.Second, Patience: 2 * time.Second, Loops: 1, MaxMessage: 3 << 20,
			})
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if r == nil || r.OK() {
				t.Error("the report has no violation")
			}
			if grown := heap() - before; grown > 100<<20 {
				t.Errorf("%d MiB more are in use", grown>>20)
			}
			runtime.KeepAlive(r)
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestErrorsOfServersAreBounded(t *testing.T) {
	var c report.Counters
	c.Error(strings.Repeat("\x1b[31m", 1<<20))
	for text := range c.Errors {
		if len(text) > 4096 || strings.ContainsRune(text, '\x1b') {
			t.Errorf("%d bytes are kept", len(text))
		}
	}
}

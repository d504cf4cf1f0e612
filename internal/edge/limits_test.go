package edge

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func TestSubscribesAboveMaxRoomsAreRefused(t *testing.T) {
	e, url := serve(t, nil)
	p := connect(t, url, "A")
	var b strings.Builder
	for i := range 140 {
		fmt.Fprintf(&b, `{"id":%d,"subscribe":{"channel":"r%d"}}`+"\n", i+2, i)
	}
	p.send(b.String())
	joined, refused := 0, 0
	for range 140 {
		switch line := p.next(); {
		case strings.Contains(line, `"subscribe":{`):
			joined++
		case strings.Contains(line, `"error":{"code":106,"message":"limit exceeded"}`):
			refused++
		default:
			t.Fatal(line)
		}
	}
	if joined != 128 || refused != 12 {
		t.Errorf("%d joined, %d refused", joined, refused)
	}
	p.send(`{"id":2,"unsubscribe":{"channel":"r5"}}`)
	p.expect(`{"id":2,"unsubscribe":{}}`)
	p.send(`{"id":3,"subscribe":{"channel":"r139"}}`)
	p.expect(`{"id":3,"subscribe":{*}}`)
	_ = p.ws.CloseNow()
	eventually(t, "members stay behind", func() bool { return e.Hub().Stats().Members == 0 })
}

// TestCloseLeavesRoomsBeingJoined closes connections while their joins wait in the mailboxes of the shards.
func TestCloseLeavesRoomsBeingJoined(t *testing.T) {
	e, url := serve(t, nil)
	for range 20 {
		p := connect(t, url, "A")
		var b strings.Builder
		for i := range 100 {
			fmt.Fprintf(&b, `{"id":2,"subscribe":{"channel":"r%d","join_leave":true}}`+"\n", i)
		}
		p.send(b.String())
		_ = p.ws.CloseNow()
	}
	eventually(t, "sessions stay behind", func() bool { return e.Stats().Sessions == 0 })
	eventually(t, "members stay behind", func() bool { return e.Hub().Stats().Members == 0 })
}

// fastTick lets deadlines pass soon after their time.
func fastTick(s *netpoll.Server) { s.Tick = 50 * time.Millisecond }

// TestMissingConnectIsClosed: a connection without a connect command is closed with 3502.
func TestMissingConnectIsClosed(t *testing.T) {
	e, url := serveOn(t, func(c *Config) { c.ConnectTimeout = 100 * time.Millisecond }, fastTick)
	idle, alive := dial(t, url), connect(t, url, "A")
	idle.expect("close 3502 stale")
	alive.send(`{"id":2,"ping":{}}`)
	alive.expect(`{"id":2,"ping":{}}`)
	eventually(t, "not counted", func() bool { return e.Stats().Stale == 1 })
}

// TestExpiredIdentityIsClosed: a connection is closed with 3005 when its identity expires, and a refresh defers that.
func TestExpiredIdentityIsClosed(t *testing.T) {
	_, url := serveOn(t, func(c *Config) { c.ConnectTimeout, c.expireGrace = 200*time.Millisecond, time.Millisecond }, fastTick)
	forgetful, alive := connect(t, url, "second"), connect(t, url, "second")
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		alive.send(`{"id":3,"refresh":{"token":"second"}}`)
		alive.expect(`{"id":3,"refresh":{"client":"*","version":"throng test","expires":true,"ttl":1}}`)
	}
	forgetful.expect("close 3005 connection expired")
	alive.expect("close 3005 connection expired")
}

func TestMissingPongIsClosed(t *testing.T) {
	_, url := serve(t, func(c *Config) { c.PingInterval, c.PongTimeout = time.Second, time.Second })
	silent, alive := connect(t, url, "A"), connect(t, url, "B")
	silent.expect(`{}`)
	alive.expect(`{}`)
	alive.send(`{}`)
	silent.expect("close 3012 no pong")
	alive.expect(`{}`)
}

// TestSlowReaderIsClosed: a client that never reads is closed with 3008 while others publish.
func TestSlowReaderIsClosed(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.MaxBacklog = 256 << 10 })
	slow, writer := connect(t, url, "A"), connect(t, url, "B")
	slow.send(`{"id":2,"subscribe":{"channel":"r"}}`)
	slow.expect(`{"id":2,"subscribe":{*}}`)
	big := fmt.Sprintf(`{"id":2,"publish":{"channel":"r","data":%q}}`, strings.Repeat("x", 50_000))
	for range 1000 {
		if e.Stats().Slow == 1 {
			return
		}
		writer.send(big)
		writer.expect(`{"id":2,"publish":{*}}`)
	}
	t.Errorf("a client that reads nothing was never disconnected: %+v", e.Stats())
}

// TestFullShardRefusesCommands: commands for a shard whose mailbox is full are answered with 111, leaves are not lost.
func TestFullShardRefusesCommands(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.Hub.Shards, c.Hub.Mailbox = 1, 16 })
	p := connect(t, url, "A")
	p.send(`{"id":2,"subscribe":{"channel":"r"}}`)
	p.expect(`{"id":2,"subscribe":{*}}`)
	entered, release := make(chan bool), make(chan bool)
	err := e.Hub().Submit(room.Command{
		Op: room.History, Room: "r", Options: &room.Options{HistorySize: 1},
		Done: func(room.Answer) { close(entered); <-release },
	})
	if err != nil {
		t.Fatal(err)
	}
	<-entered
	p.send(strings.Repeat(`{"id":3,"publish":{"channel":"r","data":1}}`+"\n", 64))
	p.expect(`{"id":3,"error":{"code":111,"message":"too many requests","temporary":true}}`)
	p.send(`{"id":4,"subscribe":{"channel":"other"}}`)
	p.until(`{"id":4,"error":{"code":111,*`)
	p.send(`{"id":5,"unsubscribe":{"channel":"r"}}`) // never refused
	close(release)
	p.until(`{"id":5,"unsubscribe":{}}`)
	eventually(t, "the leave was lost", func() bool { return e.Hub().Stats().Members == 0 })
}

func TestHostileInput(t *testing.T) {
	_, url := serve(t, func(c *Config) { c.MaxMessage = 4 << 20 })
	healthy := connect(t, url, "B")
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for _, tt := range []struct{ name, frame, want string }{
		{"deep data", `{"publish":{"channel":"r","data":` + deep + `},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"deep and open", `{"id":2,"publish":` + strings.Repeat("[", 100_000), `close 3501*`},
		{"a million digits", `{"publish":{"channel":"r","data":` + strings.Repeat("7", 1_000_000) + `},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"duplicate keys", `{"publish":{"channel":"r","channel":"s","data":1},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"a lone surrogate as a room", `{"subscribe":{"channel":"\ud800"},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"NUL in a room", `{"subscribe":{"channel":"a\u0000b"},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"NUL", "{\"subscribe\":{\"channel\":\"a\x00b\"},\"id\":2}", `close 3501*`},
		{"a long room", `{"subscribe":{"channel":"` + strings.Repeat("x", 256) + `"},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"a room of 64 KiB", `{"subscribe":{"channel":"` + strings.Repeat("x", 64<<10) + `"},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"a long key", `{"publish":{"channel":"r","data":1,"idempotency_key":"` + strings.Repeat("x", 256) + `"},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"a megabyte of id", `{"id":` + strings.Repeat("7", 1<<20) + `,"ping":{}}`, `close 3501*`},
		{"escapes in a room", `{"subscribe":{"channel":"\r\n\u001b[31m"},"id":2}`, `{"id":2,"subscribe":{*`},
		{"negative offset", `{"subscribe":{"channel":"r","offset":-1},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"limit beyond 32 bits", `{"history":{"channel":"r","limit":99999999999},"id":2}`, `{"id":2,"error":{"code":107*`},
		{"too large", `{"send":{"data":"` + strings.Repeat("x", 4<<20) + `"}}`, `close 1009*`},
		{"an array", `[]`, `close 3501*`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := connect(t, url, "A")
			p.send(tt.frame)
			start := time.Now()
			healthy.send(`{"id":9,"ping":{}}`)
			healthy.expect(`{"id":9,"ping":{}}`)
			if d := time.Since(start); d > time.Second { // 5 ms of an idle core; the race detector and the client's masking are slow
				t.Errorf("another client waited %v", d)
			}
			p.expect(tt.want)
		})
	}
	p := connect(t, url, "A")
	if err := p.ws.Write(context.Background(), websocket.MessageBinary, []byte(`{"id":2,"ping":{}}`)); err != nil {
		t.Fatal(err)
	}
	p.expect("close 3506 inappropriate protocol")
}

func TestEcho(t *testing.T) {
	_, url := serve(t, nil)
	p := dial(t, strings.Replace(url, "/connection/websocket", "/echo", 1))
	p.send("no JSON at all")
	p.expect("no JSON at all")
	ws := dial(t, strings.Replace(url, "/connection/websocket", "/ws", 1))
	if ws.ws.Subprotocol() != "centrifuge-json" {
		t.Errorf("subprotocol %q", ws.ws.Subprotocol())
	}
	ws.send(`{"id":1,"connect":{}}`)
	ws.expect(`{"id":1,"connect":{*}}`)
}

// TestAnonymous covers the Authenticator that is used without Config.Auth.
func TestAnonymous(t *testing.T) {
	_, dev := serve(t, func(c *Config) { c.Auth, c.Client = nil, config.Client{AllowAnonymous: true, NameAsInfo: true} })
	_, closed := serve(t, func(c *Config) { c.Auth = nil })
	p := dial(t, dev)
	p.send(`{"id":1,"connect":{"data":{"name":"Ann"}}}`)
	p.expect(`{"id":1,"connect":{*}}`)
	p.send(`{"id":2,"subscribe":{"channel":"r"}}`)
	p.expect(`{"id":2,"subscribe":{*}}`)
	p.send(`{"id":3,"presence":{"channel":"r"}}`)
	p.expect(`*{"user":"","client":"*","conn_info":{"name":"Ann"}}*`)
	p = dial(t, dev)
	p.send(`{"id":1,"connect":{"token":"x"}}`)
	p.expect("close 3500 invalid token")
	p = dial(t, dev)
	p.send(`{"id":1,"connect":{}}` + "\n" + `{"id":2,"refresh":{"token":"x"}}`)
	p.expect(`{"id":1,"connect":{*}}`)
	p.expect(`{"id":2,"error":{"code":108,"message":"not available"}}`)
	p = dial(t, closed)
	p.send(`{"id":1,"connect":{}}`)
	p.expect("close 3501 bad request")
}

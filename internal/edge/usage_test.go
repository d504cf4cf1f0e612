package edge

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// TestByteRate passes times instead of waiting.
func TestByteRate(t *testing.T) {
	limits, u := newSendLimits(0, 0, 256<<10, 64<<10), &usage{}
	send := func(at time.Duration, n, size int) (allowed int) {
		now := uint32(at.Microseconds())
		for range n {
			u.startMessage(&limits, now)
			if u.takeBytes(&limits, now, size, false) {
				allowed++
			}
		}
		return allowed
	}
	if n := send(0, 100, 64<<10); n != 8 {
		t.Errorf("a burst of %d messages of 64 KiB, want 8", n)
	}
	if n := send(time.Second, 100, 64<<10); n != 4 {
		t.Errorf("%d in the second behind it, want 4", n)
	}
	if n := send(time.Second+10*time.Millisecond, 100, 64<<10); n != 0 {
		t.Errorf("%d after 10 ms", n)
	}
	for _, idle := range []time.Duration{time.Minute, 36 * time.Minute, 71*time.Minute + 35*time.Second, 143 * time.Minute} {
		if n := send(time.Minute+idle, 1, 64<<10); n != 1 {
			t.Errorf("nothing is allowed after %v", idle)
		}
	}
	for _, row := range []struct{ perSecond, maxMessage, size, want int }{
		{1 << 10, 64 << 10, 64 << 10, 2},    // two of the largest in any case
		{1 << 10, 256 << 20, 256 << 20, 1},  // a message that costs more than any burst can be
		{1 << 30, 64 << 10, 1, 10_000},      // less than a microsecond each
		{256 << 10, 1 << 20, 700 << 10, 2},  // ahead by less than a burst
		{256 << 10, 1 << 20, 1100 << 10, 1}, // nearly the whole burst
	} {
		limits, u = newSendLimits(0, 0, row.perSecond, row.maxMessage), &usage{}
		if n := send(0, row.want+1, row.size); n != row.want && row.size > 1 || n < row.want {
			t.Errorf("%+v: %d at once", row, n)
		}
	}
}

// TestRefusedBytesAreAFlood: ten bursts of refused bytes are a flood, one burst if they were inflated. A pause resets the
// count.
func TestRefusedBytesAreAFlood(t *testing.T) {
	const size = 64 << 10
	for _, commands := range []int{0, 100} {
		for _, inflated := range []bool{false, true} {
			limits, u := newSendLimits(commands, 128, 256<<10, size), &usage{}
			burst, want := 8, 10*8
			if inflated {
				want = 8
			}
			refused := 0
			for range burst + 10*want {
				u.startMessage(&limits, 0)
				if u.flooding(&limits) {
					break
				}
				if !u.takeBytes(&limits, 0, size, inflated) {
					refused++
				}
			}
			if refused < want*9/10 || refused > want {
				t.Errorf("%d commands a second, inflated %v: closed after %d refused messages, want %d", commands, inflated, refused, want)
			}
			if u.startMessage(&limits, uint32(time.Minute.Microseconds())); u.flooding(&limits) || u.refused != 0 {
				t.Error("a pause changes nothing")
			}
		}
	}
}

// TestDefaultRatesAllowOrdinaryClients plays an hour of ordinary clients with the default rates.
func TestDefaultRatesAllowOrdinaryClients(t *testing.T) {
	for _, row := range []struct {
		name     string
		every    time.Duration
		commands int // in one message
		size     int
		inflated bool
	}{
		{"a busy writer", 100 * time.Millisecond, 1, 500, true},
		{"moves of a pointer", time.Second / 60, 1, 200, false},
		{"a picture in pieces", 250 * time.Millisecond, 1, 60_000, false},
		{"a document in pieces, compressed", 250 * time.Millisecond, 1, 60_000, true},
		{"a log, line by line", time.Second, 90, 90 * 1000, true},
		{"back into all rooms", 5 * time.Second, 138, 64 << 10, true},
	} {
		limits, u := newSendLimits(100, 128, 256<<10, 64<<10), &usage{}
		n := &counters{}
		for at := time.Duration(0); at < time.Hour; at += row.every {
			now := uint32(at.Microseconds())
			ok := n.chargeMessage(u, &limits, now, row.size, row.inflated)
			for range row.commands {
				ok = u.takeCommand(&limits, now) && ok
			}
			if !ok {
				t.Errorf("%s: refused after %v", row.name, at)
				break
			}
		}
	}
}

// TestBytesPerSecond: bytes above the rate are answered with 111, and closed with 3013 if they continue. Other clients are not
// affected, and a reload lifts the limit.
func TestBytesPerSecond(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.BytesPerSecond, c.MaxMessage = 10_000, 64<<10 }) // a third message would need 5 s
	p, slow, healthy := connect(t, url, "A"), connect(t, url, "B"), connect(t, url, "C")
	large := fmt.Sprintf(`{"id":3,"publish":{"channel":"r","data":%q}}`, strings.Repeat("x", 60_000))
	p.send(`{"id":2,"subscribe":{"channel":"s"}}`)
	p.expect(`{"id":2,"subscribe":{*}}`)
	for range 2 { // a burst of 128 KiB
		p.send(large)
		p.expect(`{"id":3,"publish":{*}}`)
		slow.send(large)
		slow.expect(`{"id":3,"publish":{*}}`)
	}
	p.send(large + "\n" + `{"id":4,"unsubscribe":{"channel":"s"}}`) // the latter is never refused
	p.expect(`{"id":3,"error":{"code":111,"message":"too many requests","temporary":true}}`)
	p.expect(`{"id":4,"unsubscribe":{}}`)
	go flood(p.ws, websocket.MessageText, large)
	p.until("close 3013 too many requests")
	healthy.send(`{"id":2,"ping":{}}`)
	healthy.expect(`{"id":2,"ping":{}}`)
	eventually(t, "not counted", func() bool { return e.Stats().Flooded == 1 && e.Stats().LimitedBytes > 10 })

	if err := e.Reload(Config{Channel: testChannels()}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		slow.send(large)
		slow.expect(`{"id":3,"publish":{*}}`)
	}
}

// flood sends a message until the connection ends.
func flood(ws *websocket.Conn, kind websocket.MessageType, message string) {
	for ws.Write(context.Background(), kind, []byte(message)) == nil {
	}
}

// TestEveryFloodIsClosed: a client that sends without a pause is closed with 3013 soon, for every kind of message.
func TestEveryFloodIsClosed(t *testing.T) {
	blanks := strings.Repeat(" ", 60_000)
	for _, row := range []struct {
		name, path, message string
		compressed          bool
		bytes               bool // by their number
	}{
		{name: "nothing"},
		{name: "an empty line", message: "\n"},
		{name: "empty lines", message: strings.Repeat("\n", 1000)},
		{name: "blanks", message: blanks},
		{name: "blanks, compressed", message: blanks, compressed: true},
		{name: "nothing, compressed", compressed: true},
		{name: "pongs", message: `{}`},
		{name: "pongs, line by line", message: strings.Repeat("{}\n", 100)},
		{name: "what nobody receives", message: `{"send":{"data":1}}`},
		{name: "unsubscribes", message: `{"id":2,"unsubscribe":{"channel":"r"}}`},
		{name: "unknown methods", message: `{"id":2,"nonsense":{}}`},
		{name: "long commands", message: `{"id":2,"publish":{"channel":"r","data":"` + strings.Repeat("x", 60_000) + `"}}`, bytes: true},
		{name: "long commands, compressed", message: `{"id":2,"publish":{"channel":"r","data":"` + strings.Repeat("x", 60_000) + `"}}`, compressed: true},
		{name: "echo", path: "/echo", message: "x"},
		{name: "echo of nothing", path: "/echo"},
		{name: "echo, compressed", path: "/echo", message: blanks, compressed: true},
		{name: "long echo", path: "/echo", message: blanks, bytes: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e, url := serve(t, func(c *Config) {
				c.Compression, c.MaxRooms = true, 2
				if c.CommandsPerSecond = 1; row.bytes {
					c.CommandsPerSecond, c.BytesPerSecond = 0, 20_000
				}
			})
			opts := &websocket.DialOptions{CompressionMode: websocket.CompressionDisabled}
			if row.compressed {
				opts.CompressionMode, opts.CompressionThreshold = websocket.CompressionNoContextTakeover, 1
			}
			if row.path != "" {
				url = strings.Replace(url, "/connection/websocket", row.path, 1)
			}
			ws, _, err := websocket.Dial(t.Context(), url, opts)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = ws.CloseNow() }()
			ws.SetReadLimit(-1)
			p := &peer{t: t, ws: ws}
			if row.path == "" {
				p.send(`{"id":1,"connect":{"token":"A"}}`)
				p.expect(`{"id":1,"connect":{*}}`)
			}
			go flood(ws, websocket.MessageText, row.message)
			end := time.Now().Add(30 * time.Second)
			for line := p.next(); line != "close 3013 too many requests"; line = p.next() {
				if strings.HasPrefix(line, "close") || strings.Contains(line, "deadline") || time.Now().After(end) {
					t.Fatalf("not closed: %.100s", line)
				}
			}
			eventually(t, "not counted", func() bool { return e.Stats().Flooded == 1 })
		})
	}
}

// TestInflationIsCharged: inflating a message counts as additional commands, so fewer compressed messages are accepted.
func TestInflationIsCharged(t *testing.T) {
	taken := func(inflated bool) (n int) {
		limits, u := newSendLimits(100, 2, 0, 64<<10), &usage{}
		c := &counters{}
		for n < 1000 && c.chargeMessage(u, &limits, 0, 64<<10, inflated) && u.takeCommand(&limits, 0) {
			n++
		}
		return n
	}
	if plain, inflated := taken(false), taken(true); plain != 200 || inflated != 40 {
		t.Errorf("%d messages of 64 KiB at once, %d inflated ones; want 200 and 40", plain, inflated)
	}
}

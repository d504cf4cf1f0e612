package edge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/config"
)

// TestCommandRate passes times instead of waiting.
func TestCommandRate(t *testing.T) {
	c, s := newSendLimits(100, 1, 0, 0), &usage{}
	burst := func(now time.Duration, n int) (allowed int) {
		s.startMessage(&c, uint32(now.Microseconds()))
		for range n {
			if s.takeCommand(&c, uint32(now.Microseconds())) {
				allowed++
			}
		}
		return allowed
	}
	if n := burst(0, 300); n != 200 || s.refused != 100 {
		t.Errorf("a burst of %d, %d refused", n, s.refused)
	}
	if n := burst(time.Second, 300); n != 100 || s.refused != 300 {
		t.Errorf("%d in the second after a burst, %d refused", n, s.refused)
	}
	if n := burst(time.Second+15*time.Millisecond, 5); n != 1 {
		t.Errorf("%d after 15 ms at 100 a second", n)
	}
	if n := burst(10*time.Second, 300); n != 200 || s.refused != 100 {
		t.Errorf("idleness earns %d, %d refused", n, s.refused)
	}
	for _, idle := range []time.Duration{36 * time.Minute, 70 * time.Minute, 72 * time.Minute, 143 * time.Minute} {
		if n := burst(10*time.Second+idle, 1); n != 1 {
			t.Errorf("nothing is allowed after %v", idle)
		}
	}
}

// TestFloodIsClosed: commands above the rate get 111, then the connection is closed with 3013. Others notice nothing.
func TestFloodIsClosed(t *testing.T) {
	change := func(c *Config) { c.CommandsPerSecond, c.MaxRooms = 20, 2 }
	e, url := serve(t, change)
	p, healthy := connect(t, url, "A"), connect(t, url, "B")
	p.send(`{"id":2,"subscribe":{"channel":"r"}}`)
	p.expect(`{"id":2,"subscribe":{*}}`)
	p.send(strings.Repeat(`{"id":3,"ping":{}}`+"\n", 60))
	p.until(`{"id":3,"error":{"code":111,"message":"too many requests","temporary":true}}`)
	p.send(`{"id":4,"unsubscribe":{"channel":"r"}}`) // never refused
	p.until(`{"id":4,"unsubscribe":{}}`)
	for range 10 {
		p.send(strings.Repeat(`{}`+"\n", 60))
	}
	p.until("close 3013 too many requests")
	healthy.send(`{"id":2,"ping":{}}`)
	healthy.expect(`{"id":2,"ping":{}}`)
	eventually(t, "not counted", func() bool { return e.Stats().Flooded == 1 && e.Stats().Limited >= 400 })

	cfg := Config{Channel: testChannels(), Client: config.Client{}}
	if err := e.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	healthy.send(strings.Repeat(`{"id":3,"ping":{}}`+"\n", 100))
	for i := range 100 {
		if line := healthy.next(); line != `{"id":3,"ping":{}}` {
			t.Fatal(fmt.Sprint(i, ": limited by what was reloaded: ", line))
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	c, s := newSendLimits(100, 128, 256<<10, 64<<10), &usage{}
	for i := 0; b.Loop(); i++ {
		now := uint32(i * 20_000)
		s.startMessage(&c, now)
		s.takeBytes(&c, now, 100, false)
		s.takeCommand(&c, now)
	}
}

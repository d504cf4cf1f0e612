package edge

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// remembered is how many users something is kept of.
func (u *users) remembered() (n int) {
	for i := range u.stripes {
		s := &u.stripes[i]
		s.mu.Lock()
		n += len(s.of)
		s.mu.Unlock()
	}
	return n
}

// TestUserConnections shows that a user's connections are counted from connect to close.
func TestUserConnections(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.UserConnections = 2 })
	first, second := connect(t, url, "A"), connect(t, url, "A")
	third := dial(t, url)
	third.send(`{"id":1,"connect":{"token":"A"}}`)
	third.expect("close 3504 connection limit")
	connect(t, url, "B")
	for range 3 {
		p := dial(t, url)
		p.send(`{"id":1,"connect":{}}`)
		p.expect(`{"id":1,"connect":{*}}`) // nameless people are not one
	}
	eventually(t, "not counted", func() bool { return e.Stats().UserLimit == 1 })
	_ = first.ws.CloseNow()
	eventually(t, "a place is never free again", func() bool {
		p := dial(t, url)
		p.send(`{"id":1,"connect":{"token":"A"}}`)
		defer p.ws.CloseNow()
		return p.next() != "close 3504 connection limit"
	})
	_ = second.ws.CloseNow()
	eventually(t, "a user stays counted", func() bool { return e.users.remembered() == 1 })
}

// TestReloadUsers: the limits of a user change for those who come; who is there stays and is counted.
func TestReloadUsers(t *testing.T) {
	var cfg Config
	e, url := serve(t, func(c *Config) { c.UserConnections, c.UserRate = 2, 100; cfg = *c })
	ask := func() string {
		p := dial(t, url)
		p.send(`{"id":1,"connect":{"token":"A"}}`)
		return p.next()
	}
	connect(t, url, "A")
	connect(t, url, "A")
	cfg.UserConnections = 3
	if err := e.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	connect(t, url, "A")
	if got := ask(); got != "close 3504 connection limit" {
		t.Errorf("a fourth of three: %s", got)
	}
	cfg.UserConnections, cfg.UserRate = 9, 1
	if err := e.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new rate is not gone by", func() bool { return ask() == tooManyRequests })
}

const tooManyRequests = `{"id":1,"error":{"code":111,"message":"too many requests","temporary":true}}`

// TestUserRate shows what a client sees: an error to connect, after which the same connection may try again. Others
// notice nothing.
func TestUserRate(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.UserRate = 1 })
	for range 2 {
		connect(t, url, "A")
	}
	third := dial(t, url)
	third.send(`{"id":1,"connect":{"token":"A"}}`)
	third.expect(tooManyRequests)
	connect(t, url, "B")
	for range 5 {
		p := dial(t, url)
		p.send(`{"id":1,"connect":{}}`)
		p.expect(`{"id":1,"connect":{*}}`) // nameless people are not one
	}
	if n := e.Stats().UserRate; n != 1 {
		t.Errorf("%d counted", n)
	}
	third.send(`{"id":2,"subscribe":{"channel":"r"}}`) // it is not connected
	third.expect("close 3501 bad request")

	fourth := dial(t, url)
	eventually(t, "never let in", func() bool {
		fourth.send(`{"id":1,"connect":{"token":"A"}}`)
		return fourth.next() != tooManyRequests
	})
	fourth.send(`{"id":2,"subscribe":{"channel":"r"}}`)
	fourth.expect(`{"id":2,"subscribe":{*}}`)
}

// TestUserRateAndSDK has the official SDK refused: it comes back by itself, a while later.
func TestUserRateAndSDK(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.UserRate = 1 })
	for range 2 {
		connect(t, url, "A")
	}
	client := centrifuge.NewJsonClient(url, centrifuge.Config{Token: "A"})
	defer client.Close()
	connected, ended := make(chan bool, 1), make(chan centrifuge.DisconnectedEvent, 1)
	client.OnConnected(func(centrifuge.ConnectedEvent) { connected <- true })
	client.OnDisconnected(func(ev centrifuge.DisconnectedEvent) { ended <- ev })
	if err := client.Connect(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-connected:
	case ev := <-ended:
		t.Fatalf("it has stopped for ever: %+v", ev)
	case <-time.After(10 * time.Second):
		t.Fatal("it has not come back")
	}
	if n := e.Stats().UserRate; n < 1 {
		t.Error("it was never refused")
	}
}

// TestUsers plays a clock.
func TestUsers(t *testing.T) {
	u, r := newUsers(true), newRate(2, 0)
	at := func(d time.Duration) uint32 { return uint32(d.Microseconds()) }
	enter := func(name string, n int, now time.Duration) (let int) {
		for range n {
			if u.enter(name, 0, r, at(now)) == welcome {
				let++
			}
		}
		return let
	}
	for _, c := range []struct {
		now  time.Duration
		want int
	}{{0, 4}, {time.Second, 2}, {1500 * time.Millisecond, 1}, {time.Minute, 4}, {40 * time.Minute, 4}, {73 * time.Minute, 4}} {
		if n := enter("A", 9, c.now); n != c.want {
			t.Errorf("%d at %v, want %d", n, c.now, c.want)
		}
	}
	if n := enter("new", 9, 1<<32*time.Microsecond-time.Second); n != 4 {
		t.Errorf("%d of somebody new, shortly before the clock wraps around", n)
	}
	if u.enter("B", 1, r, 0) != welcome || u.enter("B", 1, r, 0) != tooMany {
		t.Error("the number is not limited")
	}
	u.leave("B", r, at(time.Millisecond))
	if n := u.remembered(); n != 3 {
		t.Errorf("%d remembered: who left could come back at once and open two more", n)
	}
	if u.enter("", 1, r, 0) != welcome || (*users)(nil).enter("B", 1, r, 0) != welcome {
		t.Error("nobody in particular is limited")
	}
}

// TestUsersAreForgotten has a hundred thousand users come once: only those of the last two seconds are kept.
func TestUsersAreForgotten(t *testing.T) {
	u, r := newUsers(true), newRate(1, 0)
	for i := range 100_000 {
		now := uint32(i * 100) // microseconds: 10,000 a second
		name := fmt.Sprint(i)
		u.enter(name, 0, r, now)
		u.leave(name, r, now)
	}
	if n := u.remembered(); n > 4*20_000 {
		t.Errorf("%d users are remembered", n)
	}
}

// TestUsersTogether has all loops count at once.
func TestUsersTogether(t *testing.T) {
	u := newUsers(true)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 10_000 {
				if name := fmt.Sprint(i % 100); u.enter(name, 4, rate{}, 0) == welcome {
					u.leave(name, rate{}, 0)
				}
			}
		})
	}
	all.Wait()
	if n := u.remembered(); n != 0 {
		t.Errorf("%d are left", n)
	}
}

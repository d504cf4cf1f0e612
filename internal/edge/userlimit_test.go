package edge

import (
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// TestUserConnections: connections of a user are counted from connect to close.
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
		p.expect(`{"id":1,"connect":{*}}`) // anonymous clients do not count as one user
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
	eventually(t, "a user stays counted", func() bool { return e.users.Len() == 1 })
}

// TestReloadChangesUserLimits: new limits apply to new connections; those that are open stay and are counted.
func TestReloadChangesUserLimits(t *testing.T) {
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

// TestReloadSetsUserLimits: a limit that a reload sets counts the connections from then on, and a lifted one refuses no
// client.
func TestReloadSetsUserLimits(t *testing.T) {
	var cfg Config
	e, url := serve(t, func(c *Config) { cfg = *c })
	limit := func(n int) {
		cfg.UserConnections = n
		if err := e.Reload(cfg); err != nil {
			t.Fatal(err)
		}
	}
	old := connect(t, url, "A")
	limit(1)
	first := connect(t, url, "A")
	second := dial(t, url)
	second.send(`{"id":1,"connect":{"token":"A"}}`)
	second.expect("close 3504 connection limit")
	_ = old.ws.CloseNow() // was not counted, so its end frees nothing
	eventually(t, "the close is not noticed", func() bool { return e.Stats().Sessions == 1 })
	third := dial(t, url)
	third.send(`{"id":1,"connect":{"token":"A"}}`)
	third.expect("close 3504 connection limit")
	limit(0)
	connect(t, url, "A")
	_ = first.ws.CloseNow()
	eventually(t, "a user stays counted", func() bool { return e.users.Len() == 0 })
}

const tooManyRequests = `{"id":1,"error":{"code":111,"message":"too many requests","temporary":true}}`

// TestUserRate: connect above the rate is answered with 111, and the same connection may try again. Others notice nothing.
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
		p.expect(`{"id":1,"connect":{*}}`) // anonymous clients do not count as one user
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

// TestSDKReconnectsAfterUserRate: the official SDK tries again by itself after 111.
func TestSDKReconnectsAfterUserRate(t *testing.T) {
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

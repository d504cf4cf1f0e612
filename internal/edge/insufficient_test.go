package edge

import (
	"sync"
	"testing"
	"time"

	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// TestInsufficientEndsMembership: a member of a room that has lost messages is unsubscribed with 2500.
func TestInsufficientEndsMembership(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.Loops, c.ConnectTimeout = 1, time.Hour })
	p, writer := connect(t, url, "A"), connect(t, url, "B")
	p.send(`{"id":2,"subscribe":{"channel":"r","join_leave":true}}`)
	p.expect(`{"id":2,"subscribe":{*`)
	p.expect(`{"push":{"channel":"r","join":{*`)

	l, s := e.loops[0], sessionOf(t, e, "A")
	e.deliver(0, []room.Event{{Kind: room.Insufficient, Room: "r", Answer: &room.Answer{Room: "r", Member: s.member()}}})
	p.expect(`{"push":{"channel":"r","unsubscribe":{"code":2500,"reason":"insufficient state"}}}`)

	rooms := make(chan int)
	l.out.Do(func() { rooms <- s.rooms() })
	if n := <-rooms; n != 0 {
		t.Errorf("still in %d rooms", n)
	}
	writer.publish("r", 1)
	p.send(`{"id":3,"ping":{}}`)
	p.expect(`{"id":3,"ping":{}}`)
	if n := e.Stats().Insufficient; n != 1 {
		t.Errorf("counted %d", n)
	}
}

// sessionOf returns the session of a user with one connection.
func sessionOf(t *testing.T, e *Edge, user string) (s *session) {
	t.Helper()
	var mu sync.Mutex
	err := e.server.EachConn(t.Context(), func(c *netpoll.Conn) {
		mu.Lock()
		defer mu.Unlock()
		if one := c.Context().(*session); one.info.User == user {
			s = one
		}
	})
	if err != nil || s == nil {
		t.Fatalf("no session of %s: %v", user, err)
	}
	return s
}

// TestUnsubscribeEndsJoinPushes: a client that has left a room gets no more join pushes of it.
func TestUnsubscribeEndsJoinPushes(t *testing.T) {
	_, url := serve(t, func(c *Config) { c.Loops = 1 })
	p, other := connect(t, url, "A"), connect(t, url, "B")
	p.send(`{"id":2,"subscribe":{"channel":"r","join_leave":true}}`)
	p.expect(`{"id":2,"subscribe":{*`)
	p.expect(`{"push":{"channel":"r","join":{*`)
	p.send(`{"id":3,"unsubscribe":{"channel":"r"}}`)
	p.expect(`{"id":3,"unsubscribe":{}}`)
	other.send(`{"id":2,"subscribe":{"channel":"r","join_leave":true}}`)
	other.expect(`{"id":2,"subscribe":{*`)
	other.find(`{"push":{"channel":"r","join":{*`)
	p.send(`{"id":4,"ping":{}}`)
	p.expect(`{"id":4,"ping":{}}`)
}

// TestDisconnectsAreCounted: every close with a code of the protocol counts once.
func TestDisconnectsAreCounted(t *testing.T) {
	e, url := serve(t, nil)
	for range 2 {
		connect(t, url, "A").send(`no command`)
	}
	eventually(t, "both are closed", func() bool { return e.Stats().BadRequest == 2 })
	if n := e.Stats().Disconnects; n != 2 {
		t.Errorf("%d disconnects", n)
	}
}

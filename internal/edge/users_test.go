package edge

import "testing"

// TestUserConnections shows that a user's connections are counted from connect to close.
func TestUserConnections(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.UserConnections = 2 })
	left := func() (n int) {
		for i := range e.users.stripes {
			s := &e.users.stripes[i]
			s.mu.Lock()
			n += len(s.counts)
			s.mu.Unlock()
		}
		return n
	}
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
	eventually(t, "a user stays counted", func() bool { return left() == 1 })
}

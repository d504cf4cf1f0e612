package edge

import (
	"fmt"
	"testing"
)

// TestRoomsAboveTheRateAreRefused: a command that would create a room above the rate is answered with 111, and no other
// command is. After a reconnect a client can always rejoin rooms_per_connection rooms.
func TestRoomsAboveTheRateAreRefused(t *testing.T) {
	var cfg Config
	e, url := serve(t, func(c *Config) { c.RoomRate, c.MaxRooms = 1, 20; cfg = *c })
	a, b := connect(t, url, "A"), connect(t, url, "B")
	b.publish("there", 1)
	for i := range 30 { // ten more than it may be in
		a.send(fmt.Sprintf(`{"id":2,"publish":{"channel":"r%d","data":1}}`, i))
		a.expect(`{"id":2,"publish":{*}}`)
	}
	eventually(t, "rooms can be made without end", func() bool {
		a.send(fmt.Sprintf(`{"id":3,"publish":{"channel":"more%d","data":1}}`, e.Stats().RoomRate+e.Hub().Stats().Rooms))
		return a.next() == `{"id":3,"error":{"code":111,"message":"too many requests","temporary":true}}`
	})
	a.send(`{"id":4,"subscribe":{"channel":"new"}}`)
	a.expect(`{"id":4,"error":{"code":111*}}`)
	for _, fine := range []string{
		`{"id":5,"publish":{"channel":"there","data":1}}`, `{"id":5,"subscribe":{"channel":"r1"}}`,
		`{"id":5,"publish":{"channel":"typing:new","data":1}}`, `{"id":5,"history":{"channel":"none"}}`,
	} {
		a.send(fine)
		a.find(`{"id":5,"*":{*}}`)
	}
	b.send(`{"id":2,"subscribe":{"channel":"new"}}`)
	b.expect(`{"id":2,"subscribe":{*}}`)
	if n := e.Stats().RoomRate; n < 2 {
		t.Errorf("%d are counted", n)
	}
	cfg.RoomRate = 0
	if err := e.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	a.send(`{"id":6,"subscribe":{"channel":"newest"}}`)
	a.find(`{"id":6,"subscribe":{*}}`)
}

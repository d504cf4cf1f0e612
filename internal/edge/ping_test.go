package edge

import (
	"testing"
	"time"
)

// TestNoPingBeforeConnect measures time by the pings of another connection.
func TestNoPingBeforeConnect(t *testing.T) {
	_, url := serve(t, func(c *Config) {
		c.PingInterval, c.PongTimeout, c.ConnectTimeout = time.Second, 500*time.Millisecond, time.Hour
	})
	silent, other := dial(t, url), connect(t, url, "B")
	for range 3 {
		other.expect("{}")
		other.send("{}")
	}
	silent.send(`{"id":1,"connect":{}}`)
	silent.expect(`{"id":1,"connect":{*}}`)
	silent.expect("{}")
	silent.expect("close 3012 no pong")
}

package edge

import (
	"fmt"
	"strings"
	"testing"
)

// TestMaxLengthCanBeReloaded: a reload changes the limit for every command that names a room; members of a room whose name
// has become too long stay.
func TestMaxLengthCanBeReloaded(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.Channel.MaxLength = 300 })
	p := connect(t, url, "A")
	long := strings.Repeat("x", 300)
	p.send(fmt.Sprintf(`{"id":2,"subscribe":{"channel":"%s"}}`, long))
	p.expect(`{"id":2,"subscribe":{*}}`)

	cfg := e.cfg
	cfg.Channel.MaxLength = 20
	if err := e.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	for i, command := range []string{
		`"publish":{"channel":"%s","data":1}`, `"presence":{"channel":"%s"}`, `"presence_stats":{"channel":"%s"}`,
		`"history":{"channel":"%s"}`, `"subscribe":{"channel":"%s2"}`,
	} {
		p.send(fmt.Sprintf(`{"id":%d,`+command+`}`, i+3, long))
		p.expect(fmt.Sprintf(`{"id":%d,"error":{"code":107,"message":"bad request: a channel with a name that is too long"}}`, i+3))
	}
	if n := e.Stats().LongNames; n != 5 {
		t.Errorf("%d were counted", n)
	}
	p.send(`{"id":9,"subscribe":{"channel":"` + long[:20] + `"}}`)
	p.expect(`{"id":9,"subscribe":{*}}`)
	eventually(t, "the long one stays too", func() bool { return e.Hub().Stats().Members == 2 })
	p.send(fmt.Sprintf(`{"id":10,"unsubscribe":{"channel":"%s"}}`, long))
	p.expect(`{"id":10,"unsubscribe":{}}`)
}

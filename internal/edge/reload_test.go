package edge

import (
	"testing"

	"github.com/throngd/throng/internal/config"
)

// TestReloadAppliesChannelOptions: new options apply from the next command. Unchanged ones keep their room.Options.
func TestReloadAppliesChannelOptions(t *testing.T) {
	var cfg Config
	e, url := serve(t, func(c *Config) {
		c.Channel = config.Channel{WithoutNamespace: everything(), Namespaces: []config.Namespace{
			{Name: "stays", Options: everything()}, {Name: "strict", Options: everything()},
			{Name: "grows", Options: everything()}, {Name: "goes", Options: everything()},
		}}
		c.Client.AllowAnonymous = true
		cfg = *c
	})
	before := e.settings().namespaces
	p := connect(t, url, "ann")
	for _, room := range []string{"stays:a", "strict:a", "grows:a", "goes:a"} {
		p.send(`{"id":2,"subscribe":{"channel":"` + room + `"}}`)
		p.find(`{"id":2,"subscribe":{*}}`)
	}
	strict, grows := everything(), everything()
	strict.AllowPublishForClient, strict.AllowPublishForSubscriber = false, false
	grows.HistorySize = 99
	cfg.Channel.Namespaces = []config.Namespace{
		{Name: "grows", Options: grows}, {Name: "strict", Options: strict}, {Name: "stays", Options: everything()}, {Name: "new", Options: everything()},
	}
	cfg.MaxRooms = 5
	if err := e.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	after := e.settings().namespaces
	if after.plain.room != before.plain.room || after.byName["stays"].room != before.byName["stays"].room ||
		after.byName["strict"].room != before.byName["strict"].room || after.byName["grows"].room == before.byName["grows"].room {
		t.Error("room.Options were replaced without need, or kept without right")
	}
	for _, tt := range []struct{ command, answer string }{
		{`{"id":3,"publish":{"channel":"stays:a","data":1}}`, `{"id":3,"publish":{*}}`},
		{`{"id":4,"publish":{"channel":"strict:a","data":1}}`, `{"id":4,"error":{"code":103*}}`},
		{`{"id":5,"publish":{"channel":"goes:a","data":1}}`, `{"id":5,"error":{"code":102*}}`},
		{`{"id":6,"publish":{"channel":"grows:a","data":1}}`, `{"id":6,"publish":{*}}`},
		{`{"id":7,"subscribe":{"channel":"new:a"}}`, `{"id":7,"subscribe":{*}}`},
		{`{"id":8,"subscribe":{"channel":"new:b"}}`, `{"id":8,"error":{"code":106*}}`},
	} {
		p.send(tt.command)
		p.find(tt.answer)
	}
	bad := cfg
	bad.Channel.Namespaces, bad.MaxRooms = []config.Namespace{{Name: "a:b"}}, 1
	if e.Reload(bad) == nil || e.settings().namespaces != after || e.settings().maxRooms != 5 {
		t.Error("options that make no sense were taken over")
	}
}

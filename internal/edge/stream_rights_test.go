package edge

import (
	"fmt"
	"testing"
	"time"

	"github.com/throngd/throng/internal/config"
)

// TestPushesNeedThePermissionOfTheCommand: joins and leaves are pushed to clients with the permission for presence, and
// positions and recovery need the permission for history, except where an option allows them, as in Centrifugo.
func TestPushesNeedThePermissionOfTheCommand(t *testing.T) {
	all := func(change func(*config.Options)) config.Options {
		o := config.Options{
			Presence: true, JoinLeave: true, HistorySize: 10, HistoryTTL: time.Hour,
			AllowSubscribeForClient: true, AllowSubscribeForAnonymous: true, AllowUserLimitedChannels: true,
		}
		change(&o)
		return o
	}
	const both = `,"recoverable":true,"positioned":true`
	for i, tt := range []struct {
		name  string
		o     config.Options
		user  string
		joins bool
		flags string // of those asked for
	}{
		{"no right", all(func(*config.Options) {}), "A", false, ""},
		{"presence for clients", all(func(o *config.Options) { o.AllowPresenceForClient = true }), "A", true, ""},
		{"presence for clients, anonymous", all(func(o *config.Options) { o.AllowPresenceForClient = true }), "", false, ""},
		{"presence for clients and the anonymous", all(func(o *config.Options) { o.AllowPresenceForClient, o.AllowPresenceForAnonymous = true, true }), "", true, ""},
		{"presence for members", all(func(o *config.Options) { o.AllowPresenceForSubscriber = true }), "A", true, ""},
		{"presence for the anonymous alone", all(func(o *config.Options) { o.AllowPresenceForAnonymous = true }), "", false, ""},
		{"pushed to everybody", all(func(o *config.Options) { o.ForcePushJoinLeave = true }), "", true, ""},
		{"history for clients", all(func(o *config.Options) { o.AllowHistoryForClient = true }), "A", false, both},
		{"history for clients, anonymous", all(func(o *config.Options) { o.AllowHistoryForClient = true }), "", false, ""},
		{"history for members", all(func(o *config.Options) { o.AllowHistoryForSubscriber = true }), "A", false, both},
		{"history for members and the anonymous", all(func(o *config.Options) { o.AllowHistoryForSubscriber, o.AllowHistoryForAnonymous = true, true }), "", false, both},
		{"history that is not kept", all(func(o *config.Options) { o.AllowHistoryForClient, o.HistorySize = true, 0 }), "A", false, ""},
		{"history of a room that drops messages", all(func(o *config.Options) { o.AllowHistoryForClient, o.SlowConsumer = true, config.SlowDrop }), "A", false, ""},
		{"recovery allowed", all(func(o *config.Options) { o.AllowRecovery = true }), "", false, both},
		{"positioning allowed", all(func(o *config.Options) { o.AllowPositioning = true }), "", false, `,"positioned":true`},
		{"recovery forced", all(func(o *config.Options) { o.ForceRecovery = true }), "", false, both},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, url := serve(t, func(c *Config) { // one loop and one shard: a push to all reaches each member before any later push
				c.Loops, c.Hub.Shards, c.Channel = 1, 1, config.Channel{WithoutNamespace: tt.o}
			})
			p, other := connect(t, url, tt.user), connect(t, url, "B")
			room := fmt.Sprint("r", i)
			p.send(fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q,"join_leave":true,"recoverable":true,"positioned":true}}`, room))
			p.expect(`{"id":2,"subscribe":{"epoch":"*","offset":0` + tt.flags + `}}`)
			if tt.joins {
				p.expect(`{"push":{"channel":"` + room + `","join":{"info":{"user":"` + tt.user + `",*}}}}`)
			}
			other.send(fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q}}`, room))
			other.until(`{"id":2,"subscribe":{*}}`)
			if tt.joins {
				p.expect(`{"push":{"channel":"` + room + `","join":{"info":{"user":"B",*}}}}`)
				return
			}
			for range 20 { // joins are pushed a millisecond late, so they would arrive meanwhile
				time.Sleep(time.Millisecond)
				p.send(`{"id":3,"ping":{}}`)
				p.expect(`{"id":3,"ping":{}}`)
			}
		})
	}
}

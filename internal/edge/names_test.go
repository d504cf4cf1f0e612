package edge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/config"
)

// TestChannelNames checks the meaning of the parts of a channel name, and the reply. Centrifugo 6.9.1 gives the same replies,
// except in the marked rows.
func TestChannelNames(t *testing.T) {
	namespaces := func(private string) func(*Config) {
		forced := everything()
		forced.ForceRecovery = true
		plain := everything()
		plain.AllowUserLimitedChannels = false
		return func(c *Config) {
			c.Channel = config.Channel{PrivatePrefix: private, WithoutNamespace: plain, Namespaces: []config.Namespace{
				{Name: "ns", Options: forced}, {Name: "ul", Options: everything()},
			}}
		}
	}
	const (
		ok         = "subscribe"
		unknown    = "102"
		denied     = "103"
		badRequest = "107"
	)
	long := strings.Repeat("x", 255)
	for _, tt := range []struct {
		name, user, want string
		recovers         bool // has the options of ns
	}{
		{"lobby", "", ok, false}, {"ns:a", "", ok, true}, {"ns:", "", ok, true}, {"ns:a:b", "", ok, true}, {"ns", "", ok, false},
		{"other:a", "", unknown, false}, {"NS:a", "", unknown, false}, {"ns :a", "", unknown, false},
		{":a", "", unknown, false}, {":", "", unknown, false}, // Centrifugo: without namespace
		{"$a", "", denied, false}, {"$", "", denied, false}, {"$ns:a", "", denied, false}, {"$$", "", denied, false}, {"$a", "7", denied, false},
		{"$other:a", "", unknown, false}, {"a$b", "", ok, false}, {"ns:$a", "", ok, true},
		{"a#7", "", ok, false}, {"ul:a#7", "7", ok, false}, {"ul:a#7", "8", denied, false}, {"ul:a#7,8", "8", ok, false},
		{"ul:a#7", "", denied, false}, {"ul:a#x#7", "7", ok, false}, {"ul:a#7#x", "7", denied, false}, {"ul:#7", "7", ok, false},
		{"ul:a#", "", denied, false}, // Centrifugo permits anonymous clients
		{"a&b", "", ok, false}, {"/a/b", "", ok, false}, {"*", "", ok, false}, {"a b", "", ok, false}, {"a,b", "", ok, false},
		{"zoë", "", ok, false}, {"💬", "", ok, false}, // Centrifugo: 107 without channel_regex
		{long, "", ok, false}, {long + "x", "", badRequest, false}, {strings.Repeat("é", 128), "", badRequest, false},
		{"", "", badRequest, false}, // Centrifugo: the connection is closed with 3501
	} {
		t.Run(fmt.Sprintf("%.20q for %q", tt.name, tt.user), func(t *testing.T) {
			_, url := serve(t, namespaces("$"))
			p := connect(t, url, tt.user)
			p.send(fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q}}`, tt.name))
			switch line := p.next(); {
			case tt.want != ok && !strings.Contains(line, `"error":{"code":`+tt.want):
				t.Errorf("answered %s, want %s", line, tt.want)
			case tt.want == ok && strings.Contains(line, `"recoverable":true`) != tt.recovers:
				t.Errorf("answered %s, options of ns: %v", line, tt.recovers)
			case tt.want == ok && !strings.HasPrefix(line, `{"id":2,"subscribe":{`):
				t.Errorf("answered %s", line)
			}
		})
	}
	t.Run("no private prefix", func(t *testing.T) {
		_, url := serve(t, namespaces(""))
		p := connect(t, url, "")
		p.send(`{"id":2,"subscribe":{"channel":"$a"}}`)
		p.expect(`{"id":2,"subscribe":{*}}`)
		p.send(`{"id":3,"subscribe":{"channel":"$ns:a"}}`)
		p.expect(`{"id":3,"error":{"code":102,*}}`)
	})
	t.Run("another private prefix", func(t *testing.T) {
		_, url := serve(t, namespaces("secret-"))
		p := connect(t, url, "")
		p.send(`{"id":2,"subscribe":{"channel":"secret-a"}}`)
		p.expect(`{"id":2,"error":{"code":103,*}}`)
		p.send(`{"id":3,"subscribe":{"channel":"$a"}}`)
		p.expect(`{"id":3,"subscribe":{*}}`)
	})
	t.Run("other commands than subscribe need no token", func(t *testing.T) { // as there
		_, url := serve(t, namespaces("$"))
		p := connect(t, url, "")
		p.send(`{"id":2,"publish":{"channel":"$ns:a","data":1}}`)
		p.expect(`{"id":2,"publish":{*}}`)
		p.send(`{"id":3,"history":{"channel":"$ns:a","limit":1}}`)
		p.expect(`{"id":3,"history":{"publications":[{*}],*}}`)
	})
}

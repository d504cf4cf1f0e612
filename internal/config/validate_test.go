package config

import "testing"

func TestInvalidValuesAreRejected(t *testing.T) {
	for _, c := range []struct{ name, file, text string }{
		{"address", "listen: '8080'\n", `throng.yaml:1: listen: "8080" is not an address`},
		{"port", "listen: :http2\n", `port "http2" is not a number`},
		{"port range", "admin: 127.0.0.1:70000\n", `admin: port "70000"`},
		{"no message", "max_message: 0\n", "max_message: 0 is out of range (1 to 256MiB)"},
		{"huge message", "max_message: 1GiB\n", "max_message: 1GiB is out of range"},
		{"outbound", "max_message: 16MiB\noutbound_bytes: 1MiB\n", "outbound_bytes: 1MiB is less than twice max_message (16MiB)"},
		{"negative", "max_rooms: -1\n", "max_rooms: -1 is out of range"},
		{"no rooms", "max_rooms: 0\n", "max_rooms: 0 is out of range (1 to"},
		{"ping", "ping_interval: 10ms\n", "ping_interval: 10ms is out of range (1s to"},
		{"pong", "ping_interval: 5s\n", "pong_timeout: 10s is not shorter than ping_interval (5s)"},
		{"name length", "channel: {max_length: 5000}\n", "channel.max_length: 5000 is out of range (1 to 4096)"},
		{"rooms and long names", "rooms_per_connection: 128\nchannel: {max_length: 1000}\n", "a client in 128 rooms with names of 1000 bytes"},
		{"private prefix", "channel: {private_prefix: 'a:'}\n", `channel.private_prefix: "a:" contains : or #`},
		{"drain delay", "drain_delay: -1s\n", "drain_delay: -1s is out of range"},
		{"drain rate", "drain_rate: 0\n", "drain_rate: 0 is out of range"},
		{"drain", "drain: -1s\n", "drain: -1s is out of range"},
		{"socket path", "listen: unix:public.sock\n", "listen: \"unix:public.sock\" is no absolute path"},
		{"socket mode", "socket_mode: rw-rw----\n", "is not a mode from 0000 to 0777"},
		{"socket mode beyond", "socket_mode: '01777'\n", "is not a mode from 0000 to 0777"},
		{"origin", "allowed_origins: [example.com]\n", `allowed_origins: "example.com" has no scheme; write it as https://example.com`},
		{"origin with path", "allowed_origins: ['https://example.com/']\n", `write it as https://example.com`},
		{"origin pattern", "allowed_origins: ['https://a.*.example.com']\n", "write https://*.example.com"},
		{"origin two ports", "allowed_origins: ['https://example.com:1:*']\n", "allowed_origins:"},
		{"origin of a server", "allowed_origins: ['wss://example.com']\n", "pages have the origin https://example.com"},
		{"origin that is no name", "allowed_origins: ['https://ex\u0430mple\u2060\u00a0.example']\n", "allowed_origins:"},
		{"admin host", "admin_hosts: [a.example, 'http://b.example']\n", `admin_hosts: "http://b.example" is not a host`},
		{"admin host with port", "admin_hosts: ['b.example:9090']\n", `admin_hosts: "b.example:9090" is not a host`},
		{"level", "log_level: loud\n", `log_level: "loud" is not one of debug, info, warn, error`},
		{"no name", "channel: {namespaces: [{presence: true}]}\n", "channel.namespaces[0]: has no name"},
		{"bad name", "channel: {namespaces: [{name: 'a:b'}]}\n", `"a:b" is not a name of a namespace`},
		{"name twice", "channel:\n  namespaces:\n  - name: a\n  - name: b\n  - name: a\n",
			`throng.yaml:5: channel.namespaces[2].name: namespace "a" is there twice, see channel.namespaces[0]`},
		{"size alone", "channel: {without_namespace: {history_size: 5}}\n", "channel.without_namespace.history_size: a history needs history_ttl"},
		{"ttl alone", "channel: {without_namespace: {history_ttl: 5s}}\n", "a history needs history_size"},
		{"size range", "channel: {without_namespace: {history_size: -5, history_ttl: 1s}}\n", "history_size: -5 is out of range"},
		{"recovery", "channel: {namespaces: [{name: a, force_recovery: true}]}\n", "channel.namespaces[0].force_recovery: recovery needs a history"},
		{"age", "outbound_age: 10ms\n", "outbound_age: 10ms is out of range (1s to"},
		{"slow consumer", "channel: {without_namespace: {slow_consumer: wait}}\n", `slow_consumer: "wait" is not one of disconnect, drop`},
		{"data format", "channel: {without_namespace: {publication_data_format: xml}}\n", `publication_data_format: "xml" is not one of json, binary`},
		{"drop and force recovery", "channel: {namespaces: [{name: a, history_size: 1, history_ttl: 1s, force_recovery: true, slow_consumer: drop}]}\n",
			"channel.namespaces[0].slow_consumer: drop does not go with force_recovery"},
		{"drop and recovery", "channel: {without_namespace: {history_size: 1, history_ttl: 1s, allow_recovery: true, slow_consumer: drop}}\n",
			"drop does not go with allow_recovery"},
		{"drop and positions", "channel: {without_namespace: {force_positioning: true, slow_consumer: drop}}\n", "drop does not go with force_positioning"},
		{"drop and asked positions", "channel: {without_namespace: {allow_positioning: true, slow_consumer: drop}}\n", "drop does not go with allow_positioning"},
		{"meta", "channel: {without_namespace: {history_size: 5, history_ttl: 2h, history_meta_ttl: 1h}}\n", "history_meta_ttl: 1h0m0s is shorter"},
		{"echo and outbound", "echo: true\necho_max_message: 16MiB\noutbound_bytes: 8MiB\n", "outbound_bytes: 8MiB is less than twice echo_max_message (16MiB)"},
		{"header and its memory", "max_header: 1MiB\nheader_bytes: 8MiB\n", "header_bytes: 8MiB is less than 16 times max_header (1MiB)"},
		{"backlog and outbound", "outbound_bytes: 8MiB\nbacklog_bytes: 15MiB\n", "backlog_bytes: 15MiB is less than twice outbound_bytes (8MiB)"},
		{"backlog and automatic outbound", "max_message: 1MiB\nbacklog_bytes: 7MiB\n", "backlog_bytes: 7MiB is less than twice outbound_bytes (4MiB)"},
		{"message and history", "max_message: 16MiB\nhistory_bytes: 16MiB\n", "history_bytes: 16MiB is less than twice max_message (16MiB)"},
		{"rooms and message", "rooms_per_connection: 600\n",
			"rooms_per_connection: a client in 600 rooms with names of 255 bytes comes back with one frame of 263048 bytes, and max_message is 65536, which is enough for 145 rooms"},
		{"rooms and waiting", "waiting_commands: 9\nrooms_per_connection: 10\n", "waiting_commands: 9 is less than rooms_per_connection (10)"},
		{"rooms and small message", "max_message: 4KiB\nrooms_per_connection: 5\n", "which is enough for 4 rooms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.file, nil, nil)
			rejected(t, err, c.text, "")
		})
	}
}

func TestValidValuesAreAccepted(t *testing.T) {
	for _, file := range []string{
		"max_message: 16MiB\nrooms_per_connection: 600\n",
		"max_message: 4KiB\n",                             // fewer rooms, see TestDefaultRoomsFitIntoOneMessage
		"echo_max_message: 16MiB\noutbound_bytes: 8MiB\n", // no /echo
		"max_message: 16MiB\necho_max_message: 16MiB\n",
		"outbound_bytes: 1GiB\n", // backlog_bytes grows with it
		"outbound_bytes: 4MiB\nbacklog_bytes: 8MiB\n",
		"listen: 127.0.0.1:0\nadmin: ''\n",
		"listen: unix:/run/throng/public.sock\nadmin: unix:/run/throng/admin.sock\nsocket_mode: 0666\n",
		"listen: unix:@throng\nsocket_mode: '600'\n",
		"listen: '[::1]:80'\n",
		"allowed_origins: ['*']\n",
		"admin_hosts: ['*', metrics.internal, '[2001:db8::1]']\n",
		"allowed_origins: ['https://example.com:8443', 'http://[::1]:*', 'capacitor://localhost']\n",
		"allowed_origins: https://example.com\n",
		"channel: {namespaces: [{name: a, slow_consumer: drop, history_size: 1, history_ttl: 1s}, {name: b, slow_consumer: disconnect, allow_positioning: true}]}\n",
		"channel: {namespaces: [{name: a.b-c_1, history_size: 1, history_ttl: 1s, force_recovery: true}]}\n",
	} {
		mustLoad(t, file, nil, nil)
	}
}

// TestDefaultRoomsFitIntoOneMessage: the default of rooms_per_connection is at most the number of rooms that fit into one
// frame after a reconnect.
func TestDefaultRoomsFitIntoOneMessage(t *testing.T) {
	for file, want := range map[string]int{
		"":                           128,
		"max_message: 16MiB\n":       128,
		"max_message: 16KiB\n":       32,
		"max_message: 100\n":         1,
		"rooms_per_connection: 12\n": 12,
	} {
		l := mustLoad(t, file, nil, nil)
		l.Resolve(1000)
		if l.RoomsPerConnection != want || l.Compatible() != nil {
			t.Errorf("%q: %d rooms, %v", file, l.RoomsPerConnection, l.Compatible())
		}
	}
}

// TestLongestSubscribeFitsSubscribeSize: the longest subscribe command of an SDK is not longer than subscribeSize.
func TestLongestSubscribeFitsSubscribeSize(t *testing.T) {
	const longest = `{"id":4294967295,"subscribe":{"channel":"","recover":true,"epoch":"ABCDEFGH","offset":18446744073709551615,` +
		`"positioned":true,"recoverable":true,"join_leave":true,"flag":3}}` + "\n"
	if len(longest) > subscribeSize {
		t.Errorf("%d bytes, counted with %d", len(longest), subscribeSize)
	}
}

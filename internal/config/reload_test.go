package config

import (
	"slices"
	"strings"
	"testing"
)

func TestTake(t *testing.T) {
	was := mustLoad(t, `
max_rooms: 10
log_level: info
channel:
  without_namespace: {presence: true}
  namespaces: [{name: a}, {name: b, presence: true}]
`, nil, nil)
	next := mustLoad(t, `
max_rooms: 20
max_http: 7
log_level: debug
rooms_per_connection: 3
client: {connect_name_as_info: true}
channel:
  without_namespace: {presence: true}
  namespaces: [{name: a}]
`, nil, nil)
	for _, l := range []*Loaded{was, next} {
		l.Resolve(1000)
	}
	taken, fixed := was.Take(next)
	slices.Sort(taken)
	slices.Sort(fixed)
	if got := strings.Join(taken, " "); got != "channel.namespaces client.connect_name_as_info log_level rooms_per_connection" {
		t.Errorf("taken: %s", got)
	}
	if got := strings.Join(fixed, " "); got != "max_http max_rooms" {
		t.Errorf("fixed: %s", got)
	}
	if was.MaxRooms != 10 || was.LogLevel != "debug" || !was.Client.NameAsInfo || len(was.Channel.Namespaces) != 1 || was.RoomsPerConnection != 3 {
		t.Errorf("%+v", was.Config)
	}
	for key, want := range map[string]string{
		"max_rooms": was.File + ":2", "log_level": next.File + ":4", "rooms_per_connection": next.File + ":5",
		"channel.namespaces[1].presence": "default", "client.connect_name_as_info": next.File + ":6",
	} {
		if got := was.Source(key).String(); got != want {
			t.Errorf("source of %s: %s, want %s", key, got, want)
		}
	}
	if taken, fixed := was.Take(next); taken != nil || len(fixed) != 2 {
		t.Errorf("the second time: %q, %q", taken, fixed)
	}
}

func TestTLSNeedsBoth(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"tls_cert: a.pem", ":1: tls_cert is set but tls_key is not"},
		{"tls_key: a.pem", ":1: tls_key is set but tls_cert is not"},
		{"tls_cert: a\ntls_key: b", ""},
	} {
		_, err := load(t, c.file, nil, nil)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.file, err, c.want)
		}
	}
}

package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestWithReplacesLiveSettingsOnly(t *testing.T) {
	was := mustLoad(t, `
shard_mailbox: 100
tls_cert: a
tls_key: a
log_level: info
channel:
  without_namespace: {presence: true}
  namespaces: [{name: a}, {name: b, presence: true}]
`, nil, nil)
	next := mustLoad(t, `
shard_mailbox: 200
max_http: 7
log_level: debug
allowed_origins: [https://a.example]
rooms_per_connection: 3
client: {connect_name_as_info: true}
channel:
  without_namespace: {presence: true}
  namespaces: [{name: a}]
`, nil, nil)
	for _, l := range []*Loaded{was, next} {
		l.Resolve(1000)
	}
	before := was.Config
	merged, taken, fixed := was.With(next)
	slices.Sort(taken)
	slices.Sort(fixed)
	if got := strings.Join(taken, " "); got != "channel.namespaces client.connect_name_as_info log_level rooms_per_connection" {
		t.Errorf("taken: %s", got)
	}
	if got := strings.Join(fixed, " "); got != "allowed_origins max_http shard_mailbox tls_cert tls_key" {
		t.Errorf("fixed: %s", got)
	}
	if !reflect.DeepEqual(was.Config, before) {
		t.Error("the running configuration was changed")
	}
	if m := merged; m.ShardMailbox != 100 || m.LogLevel != "debug" || !m.Client.NameAsInfo || len(m.Channel.Namespaces) != 1 || m.RoomsPerConnection != 3 || m.TLSCert != "a" || m.AllowedOrigins != nil {
		t.Errorf("%+v", m.Config)
	}
	for key, want := range map[string]string{
		"shard_mailbox": was.File + ":2", "log_level": next.File + ":4", "rooms_per_connection": next.File + ":6",
		"channel.namespaces[1].presence": "default", "client.connect_name_as_info": next.File + ":7",
	} {
		if got := merged.Source(key).String(); got != want {
			t.Errorf("source of %s: %s, want %s", key, got, want)
		}
	}
	if _, taken, fixed := merged.With(next); taken != nil || len(fixed) != 5 {
		t.Errorf("the second time: %q, %q", taken, fixed)
	}
}

// TestReloadChangesLimits: a reload may change, set and lift limits per user and per address.
func TestReloadChangesLimits(t *testing.T) {
	was := mustLoad(t, "connections_per_ip: 1\nconnection_rate_per_user: 1\nconnection_rate_per_ip: 1", nil, nil)
	next := mustLoad(t, "connections_per_ip: 2\nconnection_rate_per_user: 3\nconnections_per_user: 4", nil, nil)
	merged, taken, fixed := was.With(next)
	slices.Sort(taken)
	slices.Sort(fixed)
	if got := strings.Join(taken, " "); got != "connection_rate_per_ip connection_rate_per_user connections_per_ip connections_per_user" {
		t.Errorf("taken: %s", got)
	}
	if got := strings.Join(fixed, " "); got != "" {
		t.Errorf("fixed: %s", got)
	}
	if m := merged; m.ConnectionsPerIP != 2 || m.ConnectionRatePerUser != 3 || m.ConnectionRatePerIP != 0 || m.ConnectionsPerUser != 4 {
		t.Errorf("%+v", m.Config)
	}
}

func TestTLSNeedsCertificateAndKey(t *testing.T) {
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

package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/clierr"
)

// load runs Load on a file with this text ("" for none), variables and flags.
func load(t *testing.T, file string, env []string, flags map[string]any) (*Loaded, error) {
	t.Helper()
	in := Layers{Env: env, Flags: flags}
	if file != "" {
		in.File = filepath.Join(t.TempDir(), "throng.yaml")
		if err := os.WriteFile(in.File, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Load(in)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func mustLoad(t *testing.T, file string, env []string, flags map[string]any) *Loaded {
	t.Helper()
	l, err := load(t, file, env, flags)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDefaults(t *testing.T) {
	l := mustLoad(t, "", nil, nil)
	if l.Listen != ":8080" || l.Admin != "127.0.0.1:9090" || l.MaxMessage != 64*KiB ||
		l.PingInterval != 25*time.Second || l.PongTimeout != 10*time.Second || l.Drain != 0 || l.DrainDelay != 0 || l.DrainRate != 20_000 ||
		l.CompressMin != 512 || l.MaxHTTP != 256 || l.RoomsPerConnection != 0 {
		t.Errorf("defaults: %+v", l.Config)
	}
	if l.Client.AllowAnonymous || l.AllowedOrigins != nil || l.Channel.WithoutNamespace != (Options{}) || l.Channel.Namespaces != nil {
		t.Errorf("something is allowed without --dev: %+v", l.Config)
	}
	l.Resolve(1000)
	if l.EchoMaxMessage != l.MaxMessage || l.MaxConnections != 1000 || l.Loops < 1 || l.OutboundBytes != 4*MiB {
		t.Errorf("automatic values: %+v", l.Config)
	}
	if got := l.Source("max_connections").String(); got != "automatic" {
		t.Errorf("source of max_connections: %s", got)
	}
}

func TestPrecedence(t *testing.T) {
	file := "max_rooms: 11\nmax_http: 12\nloops: 13\n"
	env := []string{"THRONG_MAX_HTTP=22", "THRONG_LOOPS=23", "HOME=/"}
	l := mustLoad(t, file, env, map[string]any{"loops": 33})
	for _, c := range []struct {
		key, source string
		got, want   int
	}{
		{"presence_max", "default", l.PresenceMax, 1000},
		{"max_rooms", l.File + ":1", l.MaxRooms, 11},
		{"max_http", "THRONG_MAX_HTTP", l.MaxHTTP, 22},
		{"loops", "--loops", l.Loops, 33},
	} {
		if c.got != c.want || l.Source(c.key).String() != c.source {
			t.Errorf("%s = %d from %s, want %d from %s", c.key, c.got, l.Source(c.key), c.want, c.source)
		}
	}
}

func TestEveryFieldByEnvironment(t *testing.T) {
	l := mustLoad(t, "", []string{
		"THRONG_MAX_MESSAGE=1MiB", "THRONG_ALLOWED_ORIGINS=https://A.example, http://b.example:*",
		"THRONG_ECHO=1", "THRONG_DRAIN=2m", "THRONG_CLIENT_ALLOW_ANONYMOUS_CONNECT_WITHOUT_TOKEN=true",
		"THRONG_CHANNEL_WITHOUT_NAMESPACE_PRESENCE=yes",
		`THRONG_CHANNEL_NAMESPACES=[{"name":"chat","history_size":7,"history_ttl":"1h"}]`,
	}, nil)
	if l.MaxMessage != MiB || !l.Echo || l.Drain != 2*time.Minute || !l.Client.AllowAnonymous || !l.Channel.WithoutNamespace.Presence {
		t.Errorf("%+v", l.Config)
	}
	if want := []string{"https://a.example", "http://b.example:*"}; !reflect.DeepEqual(l.AllowedOrigins, want) {
		t.Errorf("origins: %q", l.AllowedOrigins)
	}
	if ns := l.Channel.Namespaces; len(ns) != 1 || ns[0].Name != "chat" || ns[0].HistorySize != 7 || ns[0].HistoryTTL != time.Hour {
		t.Errorf("namespaces: %+v", ns)
	}
}

func TestConfigFileFromEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte("max_rooms: 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := mustLoad(t, "", []string{"THRONG_CONFIG=" + path}, nil)
	if l.MaxRooms != 5 || l.File != path {
		t.Errorf("max_rooms %d from %q", l.MaxRooms, l.File)
	}
}

func TestKubernetesServiceLinksAreIgnored(t *testing.T) {
	links := []string{"THRONG_SERVICE_HOST=10.0.0.1", "THRONG_SERVICE_PORT=80", "THRONG_SERVICE_PORT_HTTP=80",
		"THRONG_PORT=tcp://10.0.0.1:80", "THRONG_PORT_80_TCP_ADDR=10.0.0.1", "THRONG_ADMIN_SERVICE_HOST=10.0.0.2"}
	mustLoad(t, "", append(links, "KUBERNETES_SERVICE_HOST=10.0.0.1"), nil)
	if _, err := load(t, "", links, nil); err == nil {
		t.Error("THRONG_PORT passed outside Kubernetes")
	}
}

func TestYAMLFileIsRead(t *testing.T) {
	l := mustLoad(t, `
# Centrifugo's shape, with what YAML offers
client:
  allow_anonymous_connect_without_token: true
channel:
  without_namespace: &open
    presence: true
    history_size: 10
    history_ttl: 24h
  namespaces:
    - name: chat
      <<: *open
      history_size: 20
    - {name: news, allow_subscribe_for_client: true}
allowed_origins:
  - https://example.com
listen:
`, nil, nil)
	chat := l.Channel.Namespaces[0]
	if !chat.Presence || chat.HistorySize != 20 || chat.HistoryTTL != 24*time.Hour {
		t.Errorf("merged: %+v", chat)
	}
	if l.Listen != ":8080" {
		t.Errorf("an empty key changed listen to %q", l.Listen)
	}
	if !l.Channel.Namespaces[1].AllowSubscribeForClient || !l.Client.AllowAnonymous || len(l.AllowedOrigins) != 1 {
		t.Errorf("%+v", l.Config)
	}
}

func TestEmptyFileIsValid(t *testing.T) {
	mustLoad(t, "# nothing\n", nil, nil)
	mustLoad(t, "channel:\n  namespaces:\n", nil, nil)
}

// rejected checks an error: its text, which names the place, and its hint.
func rejected(t *testing.T, err error, text, hint string) {
	t.Helper()
	if err == nil {
		t.Fatal("accepted")
	}
	if clierr.ExitCode(err) != 2 {
		t.Errorf("exit code %d, want 2", clierr.ExitCode(err))
	}
	var b strings.Builder
	clierr.Report(&b, err)
	for _, want := range []string{text, hint} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
	if n := strings.Count(b.String(), "\n"); n > 2 {
		t.Errorf("%d lines:\n%s", n, b.String())
	}
}

func TestFileErrors(t *testing.T) {
	for _, c := range []struct{ name, file, text, hint string }{
		{"unknown", "listen: :80\nmax_mesage: 1\n", `throng.yaml:2: unknown key "max_mesage"`, "did you mean max_message?"},
		{"flag spelling", "max-message: 1\n", `unknown key "max-message"`, "did you mean max_message?"},
		{"other place", "presence: true\n", `unknown key "presence"`, "did you mean channel.without_namespace.presence?"},
		{"unknown nested", "client:\n  anonymous: true\n", `throng.yaml:2: unknown key "client.anonymous"`, "--example"},
		{"unknown in namespace", "channel:\n  namespaces:\n  - name: chat\n    presense: true\n",
			`throng.yaml:4: unknown key "channel.namespaces[0].presense"`, "did you mean presence?"},
		{"twice", "loops: 1\nloops: 2\n", "throng.yaml:2: loops: given twice", ""},
		{"number", "loops: two\n", `throng.yaml:1: loops: "two" is not a whole number`, "Event loops"},
		{"fraction", "loops: 1.5\n", `"1.5" is not a whole number`, ""},
		{"bool", "dev: maybe\n", `"maybe" is not true or false`, ""},
		{"duration", "drain: 30\n", `"30" is not a time, as 500ms, 10s or 24h`, ""},
		{"size", "max_message: 64 Kibibytes\n", `"64 Kibibytes" is not a size`, ""},
		{"syntax", "listen: :80\n\tdev: true\n", "throng.yaml:2: ", "the file is YAML"},
		{"two documents", "dev: true\n---\ndev: false\n", "more than one document", ""},
		{"not a mapping", "- dev\n", "want keys with values", ""},
		{"list for a value", "listen: [a]\n", "throng.yaml:1: listen: want one value", ""},
		{"map for namespaces", "channel:\n  namespaces:\n    chat: {presence: true}\n", "want a list of namespaces", ""},
		{"value for a struct", "client: true\n", "client: want keys with values", ""},
		{"loop of aliases", "channel:\n  without_namespace: &a\n    <<: *a\n", "", ""},
		{"binary", "\x00\x01", "throng.yaml", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.file, nil, nil)
			rejected(t, err, c.text, c.hint)
		})
	}
	_, err := Load(Layers{File: "/nowhere/throng.yaml"})
	rejected(t, err, "cannot read the configuration file /nowhere/throng.yaml: no such file or directory", "throng config --example")
}

func TestEnvErrors(t *testing.T) {
	for _, c := range []struct{ env, text, hint string }{
		{"THRONG_MAX_MESAGE=1", "unknown environment variable THRONG_MAX_MESAGE", "did you mean THRONG_MAX_MESSAGE?"},
		{"THRONG_WHATEVER=1", "unknown environment variable THRONG_WHATEVER", "throng config"},
		{"THRONG_LOOPS=x", `THRONG_LOOPS: "x" is not a whole number`, "Event loops"},
		{"THRONG_CHANNEL_NAMESPACES=[{", "THRONG_CHANNEL_NAMESPACES: not a list", "JSON"},
		{"THRONG_CHANNEL_NAMESPACES=[{name: a, x: 1}]", `THRONG_CHANNEL_NAMESPACES: unknown key "channel.namespaces[0].x"`, ""},
		{"THRONG_PING_INTERVAL=0", "THRONG_PING_INTERVAL: 0s is out of range (1s to 1h0m0s)", ""},
	} {
		_, err := load(t, "", []string{c.env}, nil)
		rejected(t, err, c.text, c.hint)
	}
}

package edge

import (
	"strings"
	"testing"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

func TestNamespaces(t *testing.T) {
	n, err := newNamespaces(&config.Channel{
		WithoutNamespace: config.Options{HistorySize: 1},
		Namespaces:       []config.Namespace{{Name: "chat", Options: config.Options{HistorySize: 2}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		size int
		err  error
	}{
		{"lobby", 1, nil}, {"chat:a", 2, nil}, {"chat:a:b", 2, nil}, {"chat:", 2, nil}, {"chat", 1, nil},
		{"other:a", 0, protocol.ErrUnknownChannel}, {":a", 0, protocol.ErrUnknownChannel},
		{"", 0, protocol.ErrNoChannel},
		{strings.Repeat("x", 255), 1, nil},
	} {
		ns, err := n.of(tt.name)
		if err != tt.err || err == nil && ns.HistorySize != tt.size {
			t.Errorf("%.20q: %v, %v", tt.name, ns, err)
		}
	}
	for _, bad := range []string{"", "a:b", "a#b"} {
		if _, err := newNamespaces(&config.Channel{Namespaces: []config.Namespace{{Name: bad}}}, nil); err == nil {
			t.Errorf("namespace %q was accepted", bad)
		}
	}
	if _, err := newNamespaces(&config.Channel{Namespaces: []config.Namespace{{Name: "a"}, {Name: "a"}}}, nil); err == nil {
		t.Error("a namespace was accepted twice")
	}
}

func TestPermissions(t *testing.T) {
	ann, nobody := &session{info: room.Info{User: "ann"}}, &session{}
	member := &session{info: room.Info{User: "bob"}}
	member.add("r", false)
	for _, tt := range []struct {
		what string
		s    *session
		o    config.Options
		want bool
	}{
		{"nothing allowed", ann, config.Options{}, false},
		{"any client", ann, config.Options{AllowPublishForClient: true}, true},
		{"any client, but anonymous", nobody, config.Options{AllowPublishForClient: true}, false},
		{"anonymous too", nobody, config.Options{AllowPublishForClient: true, AllowPublishForAnonymous: true}, true},
		{"anonymous alone permits nothing", nobody, config.Options{AllowPublishForAnonymous: true}, false},
		{"members, from outside", ann, config.Options{AllowPublishForSubscriber: true}, false},
		{"members", member, config.Options{AllowPublishForSubscriber: true}, true},
	} {
		if got := tt.s.permitted(opPublish, newNamespace("", tt.o, nil), "r"); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}

func TestUserLimit(t *testing.T) {
	limits := newNamespace("", config.Options{AllowUserLimitedChannels: true}, nil)
	plain := newNamespace("", config.Options{AllowSubscribeForClient: true}, nil)
	anyone := newNamespace("", config.Options{AllowUserLimitedChannels: true, AllowSubscribeForClient: true, AllowSubscribeForAnonymous: true}, nil)
	for _, tt := range []struct {
		n          *namespace
		name, user string
		want       bool
	}{
		{limits, "dialog#42,43", "42", true}, {limits, "dialog#42,43", "43", true}, {limits, "dialog#42,43", "4", false},
		{limits, "dialog#", "", false}, {limits, "dialog#,", "", false}, {limits, "dialog#42,43", "", false},
		{limits, "dialog", "42", false}, {plain, "dialog#42", "7", true},
		{anyone, "dialog", "", true}, {anyone, "dialog#42", "", false}, {anyone, "#42", "", false},
	} {
		s := &session{info: room.Info{User: tt.user}}
		if got := s.maySubscribe(tt.n, tt.name); got != tt.want {
			t.Errorf("%s for %q: %v", tt.name, tt.user, got)
		}
	}
	s := &session{info: room.Info{User: "7"}}
	limits.AllowPublishForClient = true
	if s.permitted(opPublish, limits, "dialog#42") {
		t.Error("a permission extends to a user-limited channel of others")
	}
}

func TestNameInfo(t *testing.T) {
	for data, want := range map[string]string{
		`{"name":"ann"}`: `{"name":"ann"}`, `{"a":{"name":"x"},"name":"b\"\u00e9","c":[1]}`: `{"name":"b\"é"}`,
		``: ``, `null`: ``, `{}`: ``, `[]`: ``, `"name"`: ``, `{"name":5}`: ``, `{"name":""}`: ``, `{"name":{"name":"x"}}`: ``,
		`{"name":"` + strings.Repeat("é", 100) + `"}`: `{"name":"` + strings.Repeat("é", 64) + `"}`,
	} {
		if got := string(nameInfo([]byte(data))); got != want {
			t.Errorf("%s became %s", data, got)
		}
	}
}

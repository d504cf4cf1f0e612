package chat

import (
	"errors"
	"os/user"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

func TestTargetURL(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"ws://host:8080/ws", "ws://host:8080/ws"},
		{"wss://chat.example/", "wss://chat.example" + defaultPath},
		{"http://host", "ws://host" + defaultPath},
		{"https://host:1/a/b?x=1#frag", "wss://host:1/a/b?x=1"},
		{"localhost:8080", "ws://localhost:8080" + defaultPath},
		{"[::1]:8080/ws", "ws://[::1]:8080/ws"},
		{"host", "ws://host" + defaultPath},
		{"host/ws?a=1,2", "ws://host/ws?a=1%2C2"},
		{"WS://host", "ws://host" + defaultPath},
	} {
		if got, err := target(c.in); err != nil || got != c.want {
			t.Errorf("target(%q): %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{"", "ws://", "ftp://host", "ws://:8080", "host:port:x", "ws://ho st", "ws://%zz"} {
		got, err := target(in)
		var h *clierr.Error
		if !errors.As(err, &h) || !h.Usage || h.Hint == "" {
			t.Errorf("target(%q): %q, %v; want a usage error with a hint", in, got, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	env := func(k string) string { return map[string]string{"USER": "root\x1b"}[k] }
	good := Options{URL: "host", Room: "lobby", Getenv: env, In: strings.NewReader("")}
	o, err := good.withDefaults()
	if err != nil || o.Name != "root\ufffd" || o.History != 0 {
		t.Errorf("defaults: %+v, %v", o, err)
	}
	if u, err := user.Current(); err == nil { // nobody has logged in, as in a container
		nobody := good
		nobody.Getenv = func(string) string { return "" }
		if o, err = nobody.withDefaults(); err != nil || o.Name != terminal.Name(u.Username) {
			t.Errorf("name without USER: %q, %v; want %q", o.Name, err, u.Username)
		}
	}
	good.source, good.History = fromTerminal, AutoHistory
	if o, err = good.withDefaults(); err != nil || o.History != DefaultHistory {
		t.Errorf("history on a terminal: %d, %v", o.History, err)
	}
	for name, change := range map[string]func(*Options){
		"no URL":       func(o *Options) { o.URL = "" },
		"no room":      func(o *Options) { o.Room = " " },
		"long room":    func(o *Options) { o.Room = strings.Repeat("x", 4097) },
		"room's bytes": func(o *Options) { o.Room = "\xff" },
		"colour":       func(o *Options) { o.Color = "green" },
	} {
		o := good
		change(&o)
		if _, err := o.withDefaults(); clierr.ExitCode(err) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

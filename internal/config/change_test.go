package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReloadAppliesValidParts: a reload applies each valid part. A part with a mistake keeps all its old values.
func TestReloadAppliesValidParts(t *testing.T) {
	const before = `
log_level: info
max_rooms: 1000
presence_max: 10
drain: 5s
rooms_per_connection: 10
shard_mailbox: 100
tls_cert: a
tls_key: a
client: {connect_name_as_info: true}
channel: {namespaces: [{name: a}]}
`
	for name, c := range map[string]struct {
		edit           []string // old, new, ...
		taken, refused string
		err            string
	}{
		"nothing":               {nil, "", "", ""},
		"all right":             {[]string{"level: info", "level: debug", "1000", "2000"}, "log_level max_rooms", "", ""},
		"no value":              {[]string{"level: info", "level: debug", "1000", "many"}, "log_level", `rooms: :3: max_rooms: "many" is not a whole number`, ""},
		"out of range":          {[]string{"level: info", "level: debug", "1000", "0", "presence_max: 10", "presence_max: 11"}, "log_level", "rooms: :3: max_rooms: 0 is out of range (1 to 1073741824)", ""},
		"no level":              {[]string{"level: info", "level: loud", "5s", "6s"}, "drain", `logging: :2: log_level: "loud" is not one of debug, info, warn, error`, ""},
		"twice":                 {[]string{"max_rooms: 1000", "max_rooms: 1000\nmax_rooms: 2000", "5s", "6s"}, "drain", "rooms: :4: max_rooms: given twice", ""},
		"namespace":             {[]string{"{name: a}", "{name: b}, {name: a, presense: true}", "true", "false"}, "client.connect_name_as_info", `channel: :11: unknown key "channel.namespaces[1].presense"`, ""},
		"namespace value":       {[]string{"{name: a}", "{name: b}, {name: a, history_size: 3}", "5s", "6s"}, "drain", "channel: :11: channel.namespaces[1].history_size: a history needs history_ttl as well", ""},
		"same namespace":        {[]string{"{name: a}", "{name: a}, {name: a}", "5s", "6s"}, "drain", `channel: :11: channel.namespaces[1].name: namespace "a" is there twice, see channel.namespaces[0]`, ""},
		"data format":           {[]string{"{name: a}", "{name: a, publication_data_format: binary}", "5s", "6s"}, "drain", "channel: :11: channel.namespaces[0].publication_data_format: json cannot become binary while the server runs: rooms have messages and members of it", ""},
		"half of TLS":           {[]string{"tls_key: a\n", "", "5s", "6s"}, "drain", "tls: :8: tls_cert is set but tls_key is not", ""},
		"what needs a restart":  {[]string{"shard_mailbox: 100", "shard_mailbox: 1", "level: info", "level: debug"}, "log_level", "overload: :7: shard_mailbox: 1 is out of range (16 to 16777216)", ""},
		"several":               {[]string{"level: info", "level: loud", "1000", "x", "{name: a}", "3", "5s", "6s"}, "drain", "", ""},
		"mixture":               {[]string{"rooms_per_connection: 10", "rooms_per_connection: 600\nmax_message: 1MiB", "5s", "6s"}, "drain", "rooms: :6: rooms_per_connection: a client in 600 rooms", ""},
		"unknown key":           {[]string{"max_rooms", "max_romes", "level: info", "level: debug"}, "", "", `:3: unknown key "max_romes"`},
		"unknown section":       {[]string{"channel:", "chanel:"}, "", "", `unknown key "chanel"`},
		"no YAML":               {[]string{"level: info", "level: info\n\tdebug"}, "", "", "found a tab character"},
		"two documents":         {[]string{"drain", "---\ndrain"}, "", "", "more than one document"},
		"list":                  {[]string{before, "[a, b]"}, "", "", "want keys with values"},
		"too many to be a file": {[]string{"{name: a}", "&a {name: a}, " + strings.Repeat("*a,", 100_000) + "*a", "level: info", "level: debug"}, "", "", "aliases and merges"},
	} {
		file := filepath.Join(t.TempDir(), "throng.yaml")
		if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		in := Layers{File: file}
		was, err := Load(in)
		if err != nil {
			t.Fatal(err)
		}
		was.Resolve(1000)
		text := strings.NewReplacer(c.edit...).Replace(before)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		change, err := was.Reload(in, 1000)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %q", name, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		slices.Sort(change.Taken)
		if got := strings.Join(change.Taken, " "); got != c.taken {
			t.Errorf("%s: %s is taken, want %s", name, got, c.taken)
		}
		var refused []string
		for _, f := range change.Refused {
			refused = append(refused, f.Part+": "+strings.TrimPrefix(f.Err.Error(), file))
		}
		if got := strings.Join(refused, "; "); c.refused != "" && !strings.HasPrefix(got, c.refused) || c.refused == "" && name != "several" && got != "" {
			t.Errorf("%s: %s is refused, want %s", name, got, c.refused)
		}
		if name == "several" && len(refused) != 3 {
			t.Errorf("%s: %q", name, refused)
		}
		if err := change.validate(); err != nil {
			t.Errorf("%s: what would hold is not right: %v", name, err)
		}
	}
}

// TestRefusedPartIsAppliedOnceValid: a refused part keeps its values and their sources, and is applied when a later reload
// has it valid.
func TestRefusedPartIsAppliedOnceValid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "throng.yaml")
	write := func(text string) Layers {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return Layers{File: file}
	}
	l, err := Load(write("max_rooms: 5\ndev: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	l.Resolve(1000)
	c, err := l.Reload(write("max_rooms: x\nchannel: {namespaces: [{name: a}]}\ndev: true\n"), 1000)
	if err != nil || len(c.Refused) != 1 || c.MaxRooms != 5 || c.Source("max_rooms").String() != file+":1" {
		t.Fatalf("%v: %+v", err, c)
	}
	if n := c.Channel.Namespaces; len(n) != 2 || n[0].Name != "a" || n[1].Name != Typing {
		t.Errorf("namespaces %+v", n)
	}
	if c, err = c.Loaded.Reload(write("\n\nmax_rooms: 6\n"), 1000); err != nil || len(c.Refused) != 0 || c.MaxRooms != 6 || !c.Dev || strings.Join(c.Fixed, " ") != "dev" {
		t.Fatalf("%v: %+v", err, c)
	}
	if !c.Client.AllowAnonymous {
		t.Error("--dev, which needs a restart, was half taken back")
	}
	c.Refuse("rooms", os.ErrNotExist)
	if c.MaxRooms != 5 || slices.Contains(c.Taken, "max_rooms") || len(c.Refused) != 1 {
		t.Errorf("%+v", c)
	}
}

// TestEveryKeyHasAPart: an error about a key without a part would refuse the whole file.
func TestEveryKeyHasAPart(t *testing.T) {
	for _, key := range keys() {
		if partOf(key) == "" {
			t.Errorf("%s has none", key)
		}
	}
}

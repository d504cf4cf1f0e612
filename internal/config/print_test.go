package config

import (
	"bytes"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestEffectiveConfigurationCanBeLoaded: the output of throng config can be loaded, and gives the same configuration.
func TestEffectiveConfigurationCanBeLoaded(t *testing.T) {
	l := mustLoad(t, "channel: {namespaces: [{name: chat, history_size: 1, history_ttl: 90s}]}\n",
		[]string{"THRONG_MAX_ROOMS=9"}, map[string]any{"dev": true, "listen": ":1"})
	l.Resolve(1000)
	var b bytes.Buffer
	if err := l.WriteEffective(&b); err != nil {
		t.Fatal(err)
	}
	again := mustLoad(t, b.String(), nil, nil)
	if !reflect.DeepEqual(l.Config, again.Config) {
		t.Errorf("%+v\nread back as\n%+v\n%s", l.Config, again.Config, b.String())
	}
	for _, line := range []string{
		`listen: ":1" # --listen`, "max_rooms: 9 # THRONG_MAX_ROOMS", "max_connections: 1000 # automatic",
		"history_size: 1 # " + l.File + ":1", "name: typing # --dev", "compress_min: 512 # default",
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("no line %q in\n%s", line, b.String())
		}
	}
}

// TestExampleIsValid: the example is valid as it is, and with every key uncommented.
func TestExampleIsValid(t *testing.T) {
	var b bytes.Buffer
	if err := WriteExample(&b); err != nil {
		t.Fatal(err)
	}
	plain := mustLoad(t, b.String(), nil, nil)
	if !reflect.DeepEqual(plain.Config, mustLoad(t, "", nil, nil).Config) {
		t.Errorf("the example changes something: %+v", plain.Config)
	}
	full := regexp.MustCompile(`(?m)^( *)#([-a-z ])`).ReplaceAllStringFunc(b.String(), func(s string) string {
		if strings.HasSuffix(s, "# ") {
			return s // prose
		}
		return strings.Replace(s, "#", "", 1)
	})
	full = strings.ReplaceAll(full, "    #  ", "      ")
	l := mustLoad(t, full, nil, nil)
	if len(l.Channel.Namespaces) != 1 || !l.Channel.Namespaces[0].ForceRecovery {
		t.Errorf("namespaces of the example: %+v", l.Channel.Namespaces)
	}
	for _, k := range keys() {
		if !strings.Contains(b.String(), leaf(k)+":") {
			t.Errorf("%s is not in the example", k)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	v := struct {
		Key string `yaml:"key" secret:"true"`
	}{"hunter2"}
	p := printer{comment: func(string) string { return "" }}
	var b bytes.Buffer
	if err := writeYAML(&b, p.mapping(reflect.ValueOf(&v).Elem(), "")); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "hunter2") || !strings.Contains(got, "hidden") {
		t.Errorf("printed %q", got)
	}
}

// TestEveryKeyIsDocumented: every key has a help line, which is also the hint of errors.
func TestEveryKeyIsDocumented(t *testing.T) {
	for _, k := range keys() {
		if helpOf(k) == "" && k != "channel.namespaces.name" {
			t.Errorf("%s has no help", k)
		}
	}
}

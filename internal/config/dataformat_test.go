package config

import (
	"os"
	"path/filepath"
	"testing"
)

// TestDataFormatIsRememberedOfRemovedNamespaces: a namespace that is removed and comes back keeps its format.
func TestDataFormatIsRememberedOfRemovedNamespaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "throng.yaml")
	in := Layers{File: file}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("channel: {namespaces: [{name: a, publication_data_format: binary}]}")
	l, err := Load(in)
	if err != nil {
		t.Fatal(err)
	}
	l.Resolve(1000)
	for _, step := range []struct {
		text    string
		refused int
	}{
		{"channel: {}", 0},
		{"channel: {namespaces: [{name: a}]}", 1},
		{"channel: {namespaces: [{name: a, publication_data_format: binary}, {name: b, publication_data_format: json}]}", 0},
		{"channel: {namespaces: [{name: b, publication_data_format: binary}]}", 1},
	} {
		write(step.text)
		c, err := l.Reload(in, 1000)
		if err != nil || len(c.Refused) != step.refused {
			t.Fatalf("%s: %v %+v", step.text, err, c.Refused)
		}
		l = c.Loaded
	}
}

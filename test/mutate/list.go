package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// entry is a mutation in list.yaml.
type entry struct {
	File  string // from the root of the module
	In    string // the function; without it, all of the file
	Old   string // occurs there exactly once
	New   string // replaces Old; empty: Old is deleted
	Fault string // the effect on a user
}

// readList reads the mutations of list.yaml. Each must have exactly one place in the code.
func readList(root, name string) ([]*mutation, error) {
	var entries []entry
	if err := readYAML(name, &entries); err != nil {
		return nil, err
	}
	sources := map[string]*source{}
	var ms []*mutation
	var wrong []error
	for _, e := range entries {
		m, err := e.find(root, sources)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %s: %w", filepath.Base(name), e.Fault, err))
			continue
		}
		ms = append(ms, m)
	}
	numberEqual(ms)
	return ms, errors.Join(wrong...)
}

func readYAML(name string, to any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(to); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (e *entry) find(root string, sources map[string]*source) (*mutation, error) {
	if e.File == "" || e.Old == "" || e.Fault == "" {
		return nil, errors.New("file, old and fault are needed")
	}
	s := sources[e.File]
	if s == nil {
		var err error
		if s, err = readSource(root, e.File); err != nil {
			return nil, err
		}
		sources[e.File] = s
	}
	return e.in(s)
}

// in finds the place in the file that the entry means.
func (e *entry) in(s *source) (*mutation, error) {
	from, to := 0, len(s.text)
	if e.In != "" {
		f := s.named(e.In)
		if f == nil {
			return nil, fmt.Errorf("%s has no function %s", e.File, e.In)
		}
		from, to = s.offset(f.Pos()), s.offset(f.End())
	}
	found := pattern(e.Old).FindAllIndex(s.text[from:to], 2)
	if len(found) != 1 {
		return nil, fmt.Errorf("%s %s: %q stands there %s", e.File, e.In, e.Old, []string{"nowhere", "", "more than once"}[len(found)])
	}
	from, to = from+found[0][0], from+found[0][1]
	m := s.change(from, to, e.replacement(string(s.text[from:to])))
	m.fault = e.Fault
	return m, nil
}

// replacement is New; a condition that becomes a constant still mentions what it did, which then counts as used.
func (e *entry) replacement(old string) string {
	switch e.New {
	case "true":
		return "((" + old + ") || true)"
	case "false":
		return "((" + old + ") && false)"
	}
	return e.New
}

// pattern matches code with any space where it has some.
func pattern(code string) *regexp.Regexp {
	words := strings.Fields(code)
	for i, w := range words {
		words[i] = regexp.QuoteMeta(w)
	}
	return regexp.MustCompile(strings.Join(words, `\s+`))
}

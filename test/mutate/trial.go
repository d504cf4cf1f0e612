package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// verdict is what became of a mutant.
type verdict int

const (
	survived verdict = iota
	killed
	invalid // it does not compile
)

// trial is a mutation and what the tests said of its mutant.
type trial struct {
	*mutation
	verdict verdict
	by      string // the test that killed it, or the error of the compiler
	tests   int    // that reach it
	why     string // it survives, from explained.yaml
}

const (
	quickTest = 300 * time.Millisecond // a test that is among the first to be run
	slowness  = 10                     // times what the tests take without a mutation, after which a mutant hangs
)

// try builds the mutant and runs the tests that reach it.
func (s *suite) try(ctx context.Context, src *source, m *mutation) (t trial, err error) {
	t.mutation = m
	temp, err := os.MkdirTemp(s.temp, "mutant-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(temp)
	overlay, err := writeOverlay(temp, filepath.Join(s.root, m.file), src.apply(m))
	if err != nil {
		return t, err
	}
	binary := filepath.Join(temp, "mutant.test")
	if out, err := s.build(ctx, binary, "-overlay="+overlay); err != nil {
		t.verdict, t.by = invalid, complaint(out)
		return t, ctx.Err()
	}
	tests := s.facing(m)
	t.tests = len(tests)
	if t.by = s.face(ctx, binary, tests); t.by != "" {
		t.verdict = killed
	}
	return t, ctx.Err()
}

// writeOverlay writes what go build -overlay wants: where the text of a file is to be read instead.
func writeOverlay(temp, file string, text []byte) (overlay string, err error) {
	instead := filepath.Join(temp, filepath.Base(file))
	if err := os.WriteFile(instead, text, 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {file: instead}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(temp, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

// complaint returns the first error of the compiler.
func complaint(output []byte) string {
	for line := range strings.Lines(string(output)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line
		}
	}
	return ""
}

// face runs the tests against the mutant, quick ones first, and returns what killed it.
func (s *suite) face(ctx context.Context, binary string, tests []*test) (by string) {
	quick := slices.IndexFunc(tests, func(t *test) bool { return t.takes > quickTest })
	if quick < 0 {
		quick = len(tests)
	}
	by = s.decide(ctx, binary, tests[:quick])
	if by == "" {
		by = s.decide(ctx, binary, tests[quick:])
	}
	return by
}

// decide returns what fails twice with the mutation, and then passes without it. A test that does not do so decides
// nothing, as one that cannot stand a busy machine: the others go on.
func (s *suite) decide(ctx context.Context, binary string, tests []*test) (by string) {
	for len(tests) > 0 && ctx.Err() == nil {
		failed := s.run(ctx, binary, tests)
		if failed == "" || failed == endless {
			return failed
		}
		again, others := tests, []*test(nil) // a panic or a leak may be of any of them
		if i := slices.IndexFunc(tests, func(t *test) bool { return t.name == failed }); i >= 0 {
			again, others = tests[i:i+1], slices.Delete(slices.Clone(tests), i, i+1)
		}
		if s.run(ctx, binary, again) != "" && s.run(ctx, s.plain, again) == "" {
			return failed
		}
		tests = others
	}
	return ""
}

// endless is the outcome of a run that does not end in time.
const endless = "no end"

// run runs tests until one fails, and returns its name, or what else went wrong; nothing if all pass.
func (s *suite) run(ctx context.Context, binary string, tests []*test) (failed string) {
	var names []string
	var takes time.Duration
	for _, t := range tests {
		names, takes = append(names, regexp.QuoteMeta(t.name)), takes+t.takes
	}
	limit := max(s.patience, slowness*takes)
	timed, cancel := context.WithTimeout(ctx, limit+10*time.Second) // for tests that do not even end at -test.timeout
	defer cancel()
	out, err := s.command(timed, binary, "-test.failfast", "-test.timeout="+limit.String(),
		"-test.run=^("+strings.Join(names, "|")+")$").CombinedOutput()
	switch {
	case err == nil:
		return ""
	case timed.Err() != nil:
		return endless
	}
	return outcome(out, err)
}

var (
	failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	panicked   = regexp.MustCompile(`(?m)^(?:panic|fatal error): (.*)$`)
)

// outcome names what ended a run.
func outcome(output []byte, err error) string {
	said := panicked.FindSubmatch(output)
	if said != nil && strings.HasPrefix(string(said[1]), "test timed out") {
		return endless
	}
	if m := failedTest.FindSubmatch(output); m != nil {
		return string(m[1])
	}
	if said != nil {
		return "panic: " + brief(string(said[1]))
	}
	return err.Error()
}

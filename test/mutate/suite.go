package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// suite is the tests of a package.
type suite struct {
	root     string   // of the module
	dir      string   // of the package, from root
	temp     string   // for files of its own
	plain    string   // the program of the tests without a mutation
	covered  string   // and with coverage
	flags    []string // that the tests understand
	tests    []*test  // the quickest first
	shaky    []string // tests that fail without a mutation: they decide nothing
	patience time.Duration
}

// test is one test function, and what it does without a mutation.
type test struct {
	name  string
	takes time.Duration
	reach reach
}

// newSuite builds the tests of a package, and again with coverage, and runs each of them by itself.
func newSuite(ctx context.Context, root, dir, temp string, o options) (*suite, error) {
	s := &suite{root: root, dir: dir, temp: temp, patience: o.patience}
	s.plain, s.covered = filepath.Join(temp, "plain.test"), filepath.Join(temp, "covered.test")
	out, err := s.build(ctx, s.plain)
	if err == nil {
		out, err = s.build(ctx, s.covered, "-cover", "-coverpkg=./"+dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the tests do not build: %w\n%s", dir, err, out)
	}
	names, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	s.measureAll(ctx, names, newPool(o.at))
	return s, ctx.Err()
}

func (s *suite) measureAll(ctx context.Context, names []string, p *pool) {
	tests := make([]*test, len(names))
	for i, name := range names {
		p.do(func() { tests[i] = s.measure(ctx, name) })
	}
	p.wait()
	for i, t := range tests {
		if t == nil {
			s.shaky = append(s.shaky, names[i])
			continue
		}
		s.tests = append(s.tests, t)
	}
	slices.SortStableFunc(s.tests, func(a, b *test) int { return cmp.Compare(a.takes, b.takes) })
}

// build compiles the tests of the package. Its error is the output of the compiler, or that of ctx.
func (s *suite) build(ctx context.Context, binary string, flags ...string) (output []byte, err error) {
	args := append([]string{"test", "-c", "-vet=off", "-o", binary}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+s.dir)...)
	cmd.Dir = s.root
	output, err = cmd.CombinedOutput()
	return output, cmp.Or(ctx.Err(), err)
}

// list returns the names of the test functions. Where they use rapid, it is told to leave no files in the tree.
func (s *suite) list(ctx context.Context) (names []string, err error) {
	s.flags = []string{"-rapid.nofailfile"}
	out, err := s.command(ctx, s.plain, "-test.list=.").Output()
	if err != nil {
		s.flags = nil
		out, err = s.command(ctx, s.plain, "-test.list=.").Output()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the tests cannot be listed: %w", s.dir, err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(name, "Benchmark") {
			names = append(names, name)
		}
	}
	return names, nil
}

// command runs a test binary where go test would, in the folder of the package.
func (s *suite) command(ctx context.Context, binary string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, slices.Concat([]string{"-test.short"}, args, s.flags)...)
	cmd.Dir = filepath.Join(s.root, s.dir)
	cmd.WaitDelay = time.Second
	return cmd
}

// measure runs one test without a mutation. It returns nil if that fails, and fails again.
func (s *suite) measure(ctx context.Context, name string) *test {
	profile := filepath.Join(s.temp, name+".cover")
	defer os.Remove(profile)
	for range 2 {
		began := time.Now()
		cmd := s.command(ctx, s.covered, "-test.run=^"+regexp.QuoteMeta(name)+"$", "-test.timeout=5m", "-test.coverprofile="+profile)
		if cmd.Run() != nil {
			continue
		}
		t := &test{name: name, takes: time.Since(began)}
		text, err := os.ReadFile(profile)
		if err == nil {
			t.reach, err = readReach(bytes.NewReader(text))
		}
		if err == nil {
			return t
		}
	}
	return nil
}

// facing are the tests that reach a mutation, the quickest first: its place, or else its function, where what is mutated
// belongs to no statement; or else all, where it is a constant.
func (s *suite) facing(m *mutation) []*test {
	for _, piece := range []span{m.where, m.whole} {
		var some []*test
		for _, t := range s.tests {
			if t.reach.touches(m.file, piece) {
				some = append(some, t)
			}
		}
		if len(some) > 0 {
			return some
		}
	}
	return s.tests
}

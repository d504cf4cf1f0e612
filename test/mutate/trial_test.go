package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestReadReach(t *testing.T) {
	r, err := readReach(strings.NewReader("mode: set\nm/p/a.go:3.10,5.2 2 1\nm/p/a.go:7.1,9.4 1 0\nm/p/b.go:1.1,2.2 1 4\n"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, col int) span { return span{place{line, col}, place{line, col + 1}} }
	for _, tt := range []struct {
		file string
		s    span
		want bool
	}{
		{"p/a.go", at(3, 10), true}, {"p/a.go", at(3, 9), false}, {"p/a.go", at(4, 1), true}, {"p/a.go", at(5, 1), true},
		{"p/a.go", at(5, 2), false}, {"p/a.go", at(8, 1), false}, {"p/b.go", at(1, 5), true}, {"p/c.go", at(1, 5), false},
		{"p/a.go", span{place{1, 1}, place{20, 1}}, true},
	} {
		if got := r.touches(tt.file, tt.s); got != tt.want {
			t.Errorf("%s %v: %v", tt.file, tt.s, got)
		}
	}
	if _, err := readReach(strings.NewReader("mode: set\nnonsense\n")); err == nil {
		t.Error("nonsense is a profile")
	}
}

func TestOutcome(t *testing.T) {
	exit := errors.New("exit status 1")
	for output, want := range map[string]string{
		"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/x (0.00s)\nFAIL\n":                    "TestA",
		"panic: runtime error: index\n\ngoroutine 7 [running]:":                             "panic: runtime error: index",
		"--- FAIL: TestB (0.00s)\npanic: oh [recovered]\n":                                  "TestB",
		"panic: test timed out after 5s\n\trunning tests:\n\t\tTestC (5s)\n":                endless,
		"fatal error: all goroutines are asleep - deadlock!\n":                              "panic: all goroutines are asleep - deadlock!",
		"PASS\ngoleak: Errors on successful test run: found unexpected goroutines:\nFAIL\n": "exit status 1",
	} {
		if got := outcome([]byte(output), exit); got != want {
			t.Errorf("%q: %q, want %q", output, got, want)
		}
	}
}

// module is one whose tests find some mutations and not others.
var module = map[string]string{
	"go.mod": "module sample\n\ngo 1.26\n",
	"p/p.go": `package p

const limit = 10

func Over(n int) bool { return n > limit }

func Sum(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i
	}
	return sum
}

func Unused() int { return 1 }
`,
	"p/p_test.go": `package p

import "testing"

func TestOver(t *testing.T) {
	if !Over(20) || Over(5) {
		t.Error("wrong")
	}
}

func TestSum(t *testing.T) {
	if Sum(4) != 6 {
		t.Error("wrong")
	}
}

func TestBroken(t *testing.T) { t.Error("always") }
`,
	"test/mutate/list.yaml": `
- {file: p/p.go, in: Over, old: n > limit, new: n < limit, fault: found}
- {file: p/p.go, in: Over, old: n > limit, new: n >= limit, fault: not found}
- {file: p/p.go, in: Sum, old: i++, new: "", fault: endless}
- {file: p/p.go, in: Sum, old: sum += i, new: sum += undeclared, fault: no Go}
- {file: p/p.go, in: Unused, old: return 1, new: return 2, fault: not reached}
`,
	"test/mutate/explained.yaml": `"p/p.go Unused: return 1 -> return 2": nobody calls it, and nobody ever will`,
}

// TestRun tries the mutations of a module: its files do not change, and the report has the results.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds six programs")
	}
	root := t.TempDir()
	for name, text := range module {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := options{list: true, at: 2, patience: time.Second, only: regexp.MustCompile("")}
	plan, err := newPlan(root, o)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := newReport(&out, plan)
	temp := t.TempDir()
	if err := plan.try(context.Background(), "p", temp, o, r); err != nil {
		t.Fatal(err)
	}
	r.summary(o, 0)
	t.Log(out.String())
	for _, want := range []string{
		`(?m)^# p: these fail without a mutation and are left out: TestBroken$`,
		`killed     p/p.go Over: n > limit -> n < limit  \(TestOver\)`,
		`SURVIVED   p/p.go Over: n > limit -> n >= limit  \(line 5, 1 tests reach it\)`,
		`killed     p/p.go Sum: i\+\+ -> nothing  \(no end\)`,
		`invalid    p/p.go Sum: sum \+= i -> sum \+= undeclared  \(\S*p.go:9:\d+: undefined: undeclared\)`,
		`explained  p/p.go Unused: return 1 -> return 2  \(line 14, \d tests reach it\)`,
		`(?m)^ +p +of list.yaml +2 +1 +1 +1 +50.0 % *$`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("the report does not say %s", want)
		}
	}
	if !r.failed() {
		t.Error("a survivor that is not explained is no failure")
	}
	for name, text := range module {
		if now, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(now) != text {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(temp, "p", "mutant-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

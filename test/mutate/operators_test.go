package main

import (
	"slices"
	"strings"
	"testing"
)

// changes returns the mutations of a source text, without the name of the file.
func changes(t *testing.T, code string) (out []string) {
	t.Helper()
	s, err := parseSource("p/a.go", []byte("package p\n"+code))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range generate(s) {
		if _, err := parseSource("p/a.go", s.apply(m)); err != nil {
			t.Errorf("%s: %v", m.id(), err)
		}
		out = append(out, strings.TrimPrefix(m.id(), "p/a.go "))
	}
	return out
}

func TestOperators(t *testing.T) {
	for _, tt := range []struct{ name, code, want string }{
		{"a comparison", "func f(a, b int) { for a < b {} }", "f: a < b -> (a <= b)\nf: a < b -> (a >= b)"},
		{"an operator among others", "func f(a, b, c bool) { for a || b && c {} }",
			"f: a || b && c -> (a && b && c)\nf: b && c -> (b || c)"},
		{"a condition", "func f(a bool) { if a {} }", "f: a -> (a) && false\nf: a -> (a) || true"},
		{"not", "func f(a bool) { for !a {} }", "f: !a -> a"},
		{"a constant", "const a = 1 << 4", `p/a.go: 1 << 4 -> (1 >> 4)
p/a.go: 1 << 4 -> (1 + 1) << 4
p/a.go: 1 << 4 -> (1 - 1) << 4
p/a.go: 1 << 4 -> 1 << (4 + 1)
p/a.go: 1 << 4 -> 1 << (4 - 1)`},
		{"statements", "func (t *T) f() { t.a = t.b; t.n++; t.n += 2; go t.f(); defer t.f(); t.f() }", `(*T).f: t.a = t.b -> nothing
(*T).f: t.n++ -> nothing
(*T).f: t.n++ -> t.n--
(*T).f: t.n += 2 -> nothing
(*T).f: t.n += 2 -> t.n -= 2
(*T).f: t.n += 2 -> t.n += (2 + 1)
(*T).f: t.n += 2 -> t.n += (2 - 1)
(*T).f: go t.f() -> nothing
(*T).f: defer t.f() -> nothing
(*T).f: t.f() -> nothing`},
		{"a case stays", "func f() { select { case <-a: case b <- c: g() } }", "f: g() -> nothing"},
		{"a declaration stays", "func f() { a := g(); _ = a }", "f: _ = a -> nothing"},
		{"results", "func f(a int) (b, c []int, ok bool, err error) { return a, nil, true, g() }", `f: return a, nil, true, g() -> return *new([]int), nil, true, g()
f: return a, nil, true, g() -> return a, nil, false, g()
f: return a, nil, true, g() -> return a, nil, true, *new(error)`},
		{"results of the function inside", "func f() int { return g(func() bool { return false }) }",
			"f: return g(func() bool { return false }) -> return *new(int)\nf: return false -> return true"},
		{"a case", "func f(a int) { switch { case a == b: case c: } }",
			"f: a == b -> (a == b) && false\nf: a == b -> (a != b)"},
		{"break and continue", "func f() { for { break; continue } }", "f: break -> continue\nf: continue -> break"},
		{"min and max", "func f() { for range min(a, max(b, c)) {} }",
			"f: min(a, max(b, c)) -> max(a, max(b, c))\nf: max(b, c) -> min(b, c)"},
		{"equal ones", "func f() { a(); a() }", "f: a() -> nothing\nf: a() -> nothing #2"},
		{"types, tags and texts", "import \"x\"\ntype T struct { a [4]int `json:\"1\"` }\nfunc f(a [2]int) { _ = \"5\" }", "f: _ = \"5\" -> nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := changes(t, tt.code)
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], "p/a.go ")
			}
			if !slices.Equal(got, strings.Split(tt.want, "\n")) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), tt.want)
			}
		})
	}
}

// TestMutationsOfThePackages: the mutants of our own code are Go, and no two mutations have the same name.
func TestMutationsOfThePackages(t *testing.T) {
	for _, dir := range packages {
		ms, err := generated(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(ms) < 100 {
			t.Errorf("%s: %d mutations", dir, len(ms))
		}
		seen := map[string]bool{}
		for _, m := range ms {
			if seen[m.id()] {
				t.Errorf("two mutations are called %s", m.id())
			}
			seen[m.id()] = true
		}
		for _, m := range sample(ms, dir, options{seed: 1, generated: 50}) {
			s, err := readSource(root, m.file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parseSource(m.file, s.apply(m)); err != nil {
				t.Errorf("%s: %v", m.id(), err)
			}
		}
	}
}

func TestSample(t *testing.T) {
	names := func(seed uint64, n int) (out []string) {
		ms, err := generated(root, "frame")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range sample(ms, "frame", options{seed: seed, generated: n}) {
			out = append(out, m.id())
		}
		return out
	}
	one := names(1, 20)
	if len(one) != 20 || !slices.Equal(one, names(1, 20)) || slices.Equal(one, names(2, 20)) {
		t.Errorf("the same seed must choose the same, another one others: %v", one)
	}
	if all := names(1, 1<<20); len(all) < 300 {
		t.Errorf("%d are all", len(all))
	}
}

package main

import (
	"strings"
	"testing"
)

const root = "../.."

// TestListFitsTheCode: every mutation of list.yaml has its place in the code as it is now, and leaves a file that can be
// parsed.
func TestListFitsTheCode(t *testing.T) {
	ms, err := readList(root, "list.yaml")
	if err != nil {
		t.Fatalf("%v\nwhere the code was changed, say in list.yaml how the fault would be made now; see docs/testing.md", err)
	}
	seen := map[string]bool{}
	for _, m := range ms {
		s, err := readSource(root, m.file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseSource(m.file, s.apply(m)); err != nil {
			t.Errorf("%s: %v", m.id(), err)
		}
		if seen[m.fault] {
			t.Errorf("two faults of the list are called %q", m.fault)
		}
		seen[m.fault] = true
	}
	if len(ms) < 87 {
		t.Errorf("%d mutations are listed", len(ms))
	}
}

// TestListIsStrict: an entry whose place is missing or ambiguous is an error.
func TestListIsStrict(t *testing.T) {
	code := "package p\n\nfunc a() { x = 1; y = 2 }\n\nfunc (t *T) b() { x = 1; x = 1\n z(a,\n\tb) }\n"
	s, err := parseSource("p/a.go", []byte(code))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		e    entry
		want string // the file, or the error of the entry
	}{
		{"once in the file", entry{Old: "y = 2", New: "y = 3"}, strings.Replace(code, "y = 2", "y = 3", 1)},
		{"once in the function", entry{In: "a", Old: "x = 1"}, strings.Replace(code, "x = 1", "", 1)},
		{"over two lines", entry{In: "(*T).b", Old: "z(a, b)", New: "z()"}, strings.Replace(code, "z(a,\n\tb)", "z()", 1)},
		{"more than once", entry{Old: "x = 1"}, "more than once"},
		{"nowhere", entry{In: "(*T).b", Old: "y = 2"}, "nowhere"},
		{"another function", entry{In: "b", Old: "x = 1"}, "no function b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := tt.e.in(s)
			switch {
			case err != nil && !strings.Contains(err.Error(), tt.want):
				t.Errorf("%v, want %s", err, tt.want)
			case err == nil && string(s.apply(m)) != tt.want:
				t.Errorf("became %s", s.apply(m))
			}
		})
	}
}

func TestEverySurvivorIsExplained(t *testing.T) {
	explained := map[string]string{}
	if err := readYAML("explained.yaml", &explained); err != nil {
		t.Fatal(err)
	}
	for id, why := range explained {
		if !strings.Contains(id, " -> ") || len(why) < 20 {
			t.Errorf("%s: %q is no reason", id, why)
		}
	}
}

package arrows

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wallClock lists the files that may turn the time of day into a number, or back, and what for. Everything else
// measures with time.Time as time.Now returns it, whose monotonic reading a step of the system clock does not change.
var wallClock = map[string]string{
	"room/publish.go":                     "the time that a message shows",
	"internal/chat/times.go":              "the time that a message shows",
	"internal/certs/certtest/certtest.go": "a serial number",
}

// wallNames turn a time into a number that can only be compared by the clock of the day; Round(0) does the same.
var wallNames = []string{"Unix", "UnixMilli", "UnixMicro", "UnixNano"}

// TestWallClock looks at every file but tests: an int64 of the time of day, subtracted, is a duration that is wrong
// after the clock was set.
func TestWallClock(t *testing.T) {
	root, seen := moduleRoot(t), map[string]bool{}
	walkGo(t, root, func(file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, filepath.Join(root, file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !readsWallClock(call) {
				return true
			}
			if seen[file] = true; wallClock[file] == "" {
				t.Errorf("%s: the time of day as a number: measure with time.Since, or list the file with its reason", set.Position(n.Pos()))
			}
			return true
		})
	})
	for file := range wallClock {
		if !seen[file] {
			t.Errorf("%s is listed and reads no wall clock", file)
		}
	}
}

func readsWallClock(call *ast.CallExpr) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	if s.Sel.Name == "Round" && len(call.Args) == 1 {
		zero, ok := call.Args[0].(*ast.BasicLit)
		return ok && zero.Value == "0"
	}
	return slices.Contains(wallNames, s.Sel.Name)
}

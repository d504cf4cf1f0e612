// Package arrows holds the directions in which packages of this module may
// import one another (docs/architecture.md).
package arrows

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/throngd/throng"

// arrow says what the packages at or below from may import of this module, "."
// being the module and "internal/..." everything below internal. The longest
// from that fits counts.
type arrow struct {
	from string
	to   []string
}

var arrows = []arrow{
	{"frame", nil},
	{"room", nil},
	{"netpoll", []string{"frame", "netpoll/upgrade", "internal/limit", "internal/durations"}},
	{"netpoll/upgrade", []string{"frame"}},
	{"netpoll/examples", []string{"netpoll", "netpoll/upgrade", "frame"}},
	{"cmd", []string{"internal/..."}},
	{"test", nil},                                            // tests of the binary, from outside
	{"test/e2e/users", []string{"internal/edge", "netpoll"}}, // the edge with user ids, which the binary does not have yet
	{"test/million", []string{"netpoll", "frame"}},           // a crowd, on the client side of netpoll
	{"internal", []string{"internal/clierr", "internal/files"}},
	{"internal/edge", []string{"netpoll", "frame", "room", "internal/protocol", "internal/protocol/codecs", "internal/protocol/jsonwire", "internal/limit", "internal/config", "internal/clierr", "internal/durations"}},
	{"internal/metrics", []string{"internal/edge", "netpoll", "netpoll/upgrade", "frame", "room"}},
	{"internal/server", []string{"internal/edge", "internal/metrics", "internal/web", "internal/config", "internal/certs", "internal/hosts", "netpoll", "netpoll/upgrade", "frame", "room"}},
	{"internal/admin", []string{"internal/hosts"}},
	{"internal/chat", []string{"internal/clierr", "internal/terminal", "internal/spool"}},
	{"internal/config", []string{"netpoll/upgrade", "internal/clierr", "internal/files", "internal/hosts", "internal/unixsocket"}},
	{"internal/limits", []string{"netpoll"}},
	{"internal/load", []string{"netpoll", "netpoll/upgrade", "frame", "internal/clierr", "internal/files", "internal/limits", "internal/terminal", "internal/load/..."}},
	{"internal/load/oracle", []string{"internal/load/report"}},
	{"internal/load/report", []string{"internal/clierr", "internal/files", "internal/terminal"}},
	{"internal/limit", nil},
	{"internal/durations", nil},
	{"internal/protocol", nil},
	{"internal/protocol/jsonwire", []string{"internal/protocol"}},
	{"internal/protocol/codecs", []string{"frame", "internal/protocol", "internal/protocol/jsonwire", "internal/protocol/pbwire"}},
	{"internal/protocol/pbwire", []string{"internal/protocol", "internal/protocol/jsonwire"}},
	{"internal/clierr", []string{"internal/terminal"}},
	{"internal/terminal", nil},
	{"internal/files", nil},
	{"internal/spool", nil},
}

// TestArrows parses the imports of every file of the module. In the public
// packages that includes tests: one that reaches up is a package that cannot be
// used alone.
func TestArrows(t *testing.T) {
	root := moduleRoot(t)
	seen := map[string]bool{}
	walkGo(t, root, func(file string) {
		dir := filepath.ToSlash(filepath.Dir(file))
		if strings.HasSuffix(file, "_test.go") && (under(dir, "internal") || under(dir, "cmd") || under(dir, "test")) {
			return
		}
		rule := ruleOf(dir)
		if rule == nil {
			t.Errorf("%s: no arrow for the package %s", file, dir)
			return
		}
		seen[rule.from] = true
		for _, path := range importsOf(t, filepath.Join(root, file)) {
			if !rule.allows(dir, path) {
				t.Errorf("%s imports %s; %s may import of ours only %q", file, path, rule.from, rule.to)
			}
		}
	})
	for _, from := range []string{"frame", "room", "netpoll", "cmd"} {
		if !seen[from] {
			t.Errorf("no file of %s was seen: is the test looking in the right place?", from)
		}
	}
}

func ruleOf(dir string) (best *arrow) {
	for i, a := range arrows {
		if under(dir, a.from) && (best == nil || len(a.from) > len(best.from)) {
			best = &arrows[i]
		}
	}
	return best
}

func under(dir, root string) bool { return dir == root || strings.HasPrefix(dir, root+"/") }

// allows reports whether the package in dir may import path, a package of this module.
func (a *arrow) allows(dir, path string) bool {
	path = strings.TrimPrefix(path, module+"/")
	if path == dir || slices.Contains(a.to, path) {
		return true
	}
	return slices.ContainsFunc(a.to, func(to string) bool {
		wide, ok := strings.CutSuffix(to, "/...")
		return ok && under(path, wide)
	})
}

// importsOf lists the imports of a file that are of this module.
func importsOf(t *testing.T, file string) (paths []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if path == module || strings.HasPrefix(path, module+"/") {
			paths = append(paths, path)
		}
	}
	return paths
}

// walkGo visits the Go files of the module; nested modules are not part of it.
func walkGo(t *testing.T, root string, visit func(file string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if path != root && (nested == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ".go") {
			visit(rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

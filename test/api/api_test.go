package api

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the lists")

// public are the packages that other modules may import, on the platform whose files are read.
var public = []string{"frame", "netpoll", "netpoll/upgrade", "room"}

const platform = "linux"

// TestExportedSurface: the exported names of each public package are those of its list, with their types.
func TestExportedSurface(t *testing.T) {
	for _, name := range public {
		file := strings.ReplaceAll(name, "/", "-") + ".txt"
		got := strings.Join(surface(t, filepath.Join("../..", name)), "\n") + "\n"
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range missing(string(want), got) {
			t.Errorf("%s no longer exports\n\t%s", name, line)
		}
		for _, line := range missing(got, string(want)) {
			t.Errorf("%s also exports\n\t%s", name, line)
		}
	}
	if t.Failed() {
		t.Log("if this is meant: go test ./test/api -update, and a line in CHANGELOG.md")
	}
}

// missing are the lines of a that b does not have.
func missing(a, b string) (lines []string) {
	has := strings.Split(b, "\n")
	for line := range strings.SplitSeq(a, "\n") {
		if !slices.Contains(has, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestSurfaceSeesEachKind: of every kind of declaration the exported names are found, and no others.
func TestSurfaceSeesEachKind(t *testing.T) {
	dir := t.TempDir()
	source := `package p

type S struct {
	A, b int
	*Other
	hidden
}
type hidden struct{}
type Other struct{ F func(n int) error }
type I interface {
	M(x int) bool
	m()
}
type Alias = int
type G[T any] map[string]T

const C, d = 1, 2
const Typed I2 = 3
type I2 int
var V = 1

func F(a, b int) (err error)   { return }
func (s *S) Method(p ...byte)  {}
func (h hidden) Method()       {}
func (g *G[T]) Method(t T)     {}
func f()                       {}
`
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"const C", "const Typed I2", "func F(int, int) error", "method (*G[T]) Method(T)", "method (*S) Method(...byte)",
		"type Alias = int", "type G[T any] map[string]T", "type I interface", "type I interface, M(int) bool", "type I2 int", "type Other struct",
		"type Other struct, F func(n int) error", "type S struct", "type S struct, *Other", "type S struct, A int", "var V",
	}
	if got := surface(t, dir); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// surface is one line for each exported name of the package in a directory.
func surface(t *testing.T, dir string) (lines []string) {
	t.Helper()
	ctx := build.Default
	ctx.GOOS, ctx.CgoEnabled = platform, false
	pkg, err := ctx.ImportDir(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				lines = append(lines, function(d)...)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					lines = append(lines, declared(d.Tok, spec)...)
				}
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func function(d *ast.FuncDecl) []string {
	switch {
	case !d.Name.IsExported():
		return nil
	case d.Recv == nil:
		return []string{"func " + d.Name.Name + signature(d.Type)}
	}
	of := text(d.Recv.List[0].Type)
	if !ast.IsExported(strings.TrimPrefix(of, "*")) {
		return nil
	}
	return []string{"method (" + of + ") " + d.Name.Name + signature(d.Type)}
}

// declared are the lines of one constant, variable or type.
func declared(tok token.Token, spec ast.Spec) (lines []string) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if !name.IsExported() {
				continue
			}
			line := tok.String() + " " + name.Name
			if s.Type != nil {
				line += " " + text(s.Type)
			}
			lines = append(lines, line)
		}
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			lines = typeLines(s)
		}
	}
	return lines
}

func typeLines(s *ast.TypeSpec) (lines []string) {
	head := "type " + s.Name.Name
	if s.TypeParams != nil {
		head += "[" + fields(s.TypeParams, true) + "]"
	}
	switch typ := s.Type.(type) {
	case *ast.StructType:
		head += " struct"
		lines = members(head, typ.Fields, " ")
	case *ast.InterfaceType:
		head += " interface"
		lines = members(head, typ.Methods, "")
	default:
		if s.Assign.IsValid() {
			head += " ="
		}
		head += " " + text(s.Type)
	}
	return append(lines, head)
}

// members are the exported fields of a struct, or methods of an interface, and embedded types.
func members(head string, list *ast.FieldList, between string) (lines []string) {
	for _, f := range list.List {
		typ := text(f.Type)
		if method, ok := f.Type.(*ast.FuncType); ok && between == "" {
			typ = signature(method)
		}
		for _, name := range f.Names {
			if name.IsExported() {
				lines = append(lines, head+", "+name.Name+between+typ)
			}
		}
		if f.Names == nil && ast.IsExported(typ[strings.LastIndexAny(typ, "*.")+1:]) {
			lines = append(lines, head+", "+typ)
		}
	}
	return lines
}

// signature is without the names of parameters, which callers do not write.
func signature(f *ast.FuncType) string {
	s := "(" + fields(f.Params, false) + ")"
	if f.Results == nil {
		return s
	}
	results := fields(f.Results, false)
	if strings.Contains(results, ", ") {
		results = "(" + results + ")"
	}
	return s + " " + results
}

func fields(list *ast.FieldList, named bool) string {
	var all []string
	for _, f := range list.List {
		for i := range max(len(f.Names), 1) {
			s := text(f.Type)
			if named {
				s = f.Names[i].Name + " " + s
			}
			all = append(all, s)
		}
	}
	return strings.Join(all, ", ")
}

// text is an expression in one line.
func text(n ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, token.NewFileSet(), n); err != nil {
		return fmt.Sprint(err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

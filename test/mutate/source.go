package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
)

// source is a Go file and its syntax.
type source struct {
	name string // from the root of the module
	text []byte
	fset *token.FileSet
	tree *ast.File
}

func readSource(root, name string) (*source, error) {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	return parseSource(name, text)
}

func parseSource(name string, text []byte) (*source, error) {
	s := &source{name: name, text: text, fset: token.NewFileSet()}
	var err error
	s.tree, err = parser.ParseFile(s.fset, name, text, parser.ParseComments)
	return s, err
}

func (s *source) generated() bool { return ast.IsGenerated(s.tree) }

func (s *source) offset(p token.Pos) int { return s.fset.Position(p).Offset }

func (s *source) span(from, to token.Pos) span {
	a, b := s.fset.Position(from), s.fset.Position(to)
	return span{place{a.Line, a.Column}, place{b.Line, b.Column}}
}

func (s *source) code(n ast.Node) string { return string(s.text[s.offset(n.Pos()):s.offset(n.End())]) }

// function returns the declaration that the bytes from and to are in, nil if there is none.
func (s *source) function(from, to int) *ast.FuncDecl {
	for _, d := range s.tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && s.offset(f.Pos()) <= from && to <= s.offset(f.End()) {
			return f
		}
	}
	return nil
}

// named returns the function of that name, nil if there is none.
func (s *source) named(name string) *ast.FuncDecl {
	for _, d := range s.tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && s.nameOf(f) == name {
			return f
		}
	}
	return nil
}

// nameOf is a function's name as stack traces have it: read, (*Loop).read, handle.fd.
func (s *source) nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	t := s.code(f.Recv.List[0].Type)
	if t[0] == '*' {
		t = "(" + t + ")"
	}
	return t + "." + f.Name.Name
}

// change makes the mutation that replaces the bytes from up to to.
func (s *source) change(from, to int, text string) *mutation {
	file := s.fset.File(s.tree.Pos())
	m := &mutation{
		file: s.name, from: from, to: to, text: text, before: string(s.text[from:to]), after: text,
		where: s.span(file.Pos(from), file.Pos(to)),
	}
	if f := s.function(from, to); f != nil {
		m.fn, m.whole = s.nameOf(f), s.span(f.Pos(), f.End())
	}
	return m
}

// apply returns the text of the file with the mutation.
func (s *source) apply(m *mutation) []byte {
	return bytes.Join([][]byte{s.text[:m.from], []byte(m.text), s.text[m.to:]}, nil)
}

package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// generate makes all mutations of a file, in the order of the file. Some will not compile.
func generate(s *source) []*mutation {
	g := &generator{source: s}
	ast.Inspect(s.tree, g.visit)
	slices.SortStableFunc(g.out, func(a, b *mutation) int { return a.from - b.from })
	numberEqual(g.out)
	return g.out
}

type generator struct {
	*source
	stack []ast.Node // from the file down to the node that is visited
	out   []*mutation
}

// replace notes that the code from one position to another becomes text. Of is the node that names the place.
func (g *generator) replace(of ast.Node, from, to token.Pos, text string) {
	m := g.change(g.offset(from), g.offset(to), text)
	m.before = g.code(of)
	m.after = m.before[:from-of.Pos()] + text + m.before[to-of.Pos():]
	g.out = append(g.out, m)
}

// instead is replace for a whole node.
func (g *generator) instead(n ast.Node, text string) { g.replace(n, n.Pos(), n.End(), text) }

// swaps are the replacements of operators. A comparison has its boundary and its contrary.
var swaps = map[token.Token][]string{
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
	token.EQL: {"!="}, token.NEQ: {"=="}, token.LAND: {"||"}, token.LOR: {"&&"},
	token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"}, token.REM: {"*"},
	token.SHL: {">>"}, token.SHR: {"<<"}, token.AND: {"|"}, token.OR: {"&"}, token.AND_NOT: {"&"}, token.XOR: {"&"},
	token.ADD_ASSIGN: {"-="}, token.SUB_ASSIGN: {"+="}, token.INC: {"--"}, token.DEC: {"++"},
	token.OR_ASSIGN: {"&="}, token.AND_ASSIGN: {"|="}, token.AND_NOT_ASSIGN: {"|="},
	token.BREAK: {"continue"}, token.CONTINUE: {"break"},
}

func (g *generator) swap(of ast.Node, at token.Pos, op token.Token) {
	for _, other := range swaps[op] {
		g.replace(of, at, at+token.Pos(len(op.String())), other)
	}
}

func (g *generator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case nil:
		g.stack = g.stack[:len(g.stack)-1]
		return false
	case *ast.ImportSpec, *ast.Field: // types and tags are no values
		return false
	case *ast.IfStmt:
		g.condition(n.Cond)
	case *ast.CaseClause:
		g.clause(n)
	case *ast.BinaryExpr:
		g.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			g.instead(n, g.code(n.X))
		}
	case *ast.BasicLit:
		g.number(n)
	case *ast.CallExpr:
		g.call(n)
	case *ast.ReturnStmt:
		g.values(n)
	case ast.Stmt:
		g.statement(n)
	}
	g.stack = append(g.stack, n)
	return true
}

// binary swaps an operator. The operands stay together, whatever the precedence of the new operator.
func (g *generator) binary(b *ast.BinaryExpr) {
	for _, other := range swaps[b.Op] {
		g.instead(b, "("+g.code(b.X)+" "+other+" "+g.code(b.Y)+")")
	}
}

// condition makes an if always take one branch. The condition is still evaluated, and its names count as used.
func (g *generator) condition(c ast.Expr) {
	g.instead(c, "("+g.code(c)+") && false")
	g.instead(c, "("+g.code(c)+") || true")
}

// clause makes a case of a switch without a tag never true.
func (g *generator) clause(c *ast.CaseClause) {
	for _, e := range c.List {
		if b, ok := e.(*ast.BinaryExpr); ok && b.Op.Precedence() <= token.EQL.Precedence() {
			g.instead(e, "("+g.code(e)+") && false")
		}
	}
}

// number changes an integer by one.
func (g *generator) number(b *ast.BasicLit) {
	if b.Kind == token.INT {
		g.replace(g.around(b), b.Pos(), b.End(), "("+b.Value+" + 1)")
		g.replace(g.around(b), b.Pos(), b.End(), "("+b.Value+" - 1)")
	}
}

// around returns the node that names a number: the expression, the statement or the constant that contains it.
func (g *generator) around(b *ast.BasicLit) ast.Node {
	for _, n := range slices.Backward(g.stack) {
		switch n.(type) {
		case *ast.BinaryExpr, *ast.CallExpr, *ast.IndexExpr, *ast.SliceExpr, *ast.KeyValueExpr, *ast.ValueSpec, *ast.AssignStmt, *ast.ReturnStmt:
			return n
		case ast.Stmt, ast.Decl:
			return b
		}
	}
	return b
}

func (g *generator) call(c *ast.CallExpr) {
	f, ok := c.Fun.(*ast.Ident)
	switch {
	case ok && f.Name == "min":
		g.replace(c, f.Pos(), f.End(), "max")
	case ok && f.Name == "max":
		g.replace(c, f.Pos(), f.End(), "min")
	}
}

// values replaces the results of a return statement, one at a time.
func (g *generator) values(r *ast.ReturnStmt) {
	types := g.results()
	if len(r.Results) != len(types) {
		return // a call that returns them all, or names
	}
	for i, e := range r.Results {
		if zero := zeroFor(e, types[i]); zero != "" {
			g.replace(r, e.Pos(), e.End(), zero)
		}
	}
}

// zeroFor returns the replacement of a result: its zero value, or the contrary of a constant; "" if that is no change.
func zeroFor(e ast.Expr, typ string) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		return "" // see number
	case *ast.Ident:
		switch e.Name {
		case "true":
			return "false"
		case "false":
			return "true"
		case "nil":
			return ""
		}
	}
	return fmt.Sprintf("*new(%s)", typ)
}

// results are the types of the results of the innermost function.
func (g *generator) results() (types []string) {
	for _, f := range fields(g.stack) {
		for range max(1, len(f.Names)) {
			types = append(types, g.code(f.Type))
		}
	}
	return types
}

func fields(stack []ast.Node) []*ast.Field {
	for _, n := range slices.Backward(stack) {
		var t *ast.FuncType
		switch n := n.(type) {
		case *ast.FuncDecl:
			t = n.Type
		case *ast.FuncLit:
			t = n.Type
		default:
			continue
		}
		if t.Results == nil {
			return nil
		}
		return t.Results.List
	}
	return nil
}

// statement deletes a statement, if the program may compile without it, and swaps its operator.
func (g *generator) statement(n ast.Stmt) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE && !g.isCase(n) {
			g.instead(n, "")
			g.swap(n, n.TokPos, n.Tok)
		}
	case *ast.IncDecStmt:
		g.instead(n, "")
		g.swap(n, n.TokPos, n.Tok)
	case *ast.BranchStmt:
		if n.Label == nil {
			g.swap(n, n.TokPos, n.Tok)
		}
	case *ast.ExprStmt, *ast.SendStmt, *ast.DeferStmt, *ast.GoStmt:
		if !g.isCase(n) {
			g.instead(n, "")
		}
	}
}

// isCase reports whether a statement is the communication of a select's case, which cannot be left out.
func (g *generator) isCase(n ast.Stmt) bool {
	return slices.ContainsFunc(g.stack, func(above ast.Node) bool {
		c, ok := above.(*ast.CommClause)
		return ok && c.Comm == n
	})
}

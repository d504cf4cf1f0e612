// Package rivals is the test of the rivals: one directory each, one program each, all with
// the flag -listen and the work that internal/rival describes. A rival is used as its own
// documentation recommends for speed; where that is, stands at the top of its main.go.
//
// Versions are those of go.mod. A program that does not build or start is a hole in the
// report, with its reason.
package rivals

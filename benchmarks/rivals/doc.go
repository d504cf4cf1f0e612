// Package rivals is the test of the rivals: one directory each, one program each, all with
// the flag -listen and the work that internal/rival describes. A rival is used as its own
// documentation recommends for speed; the top of its main.go has the link.
//
// Versions are those of go.mod. A program that does not build or start has no figures in the
// report, but the reason.
package rivals

// Mutate finds faults that the tests would not notice. It changes the code of a package in one place, a mutation, runs the
// tests of the package against the changed program, the mutant, and counts the mutants that survive: faults of their
// kind can be made without a test that fails. "make mutate" runs it; docs/testing.md says how to read its report.
//
// There are two sources of mutations. list.yaml has mutations written by hand, each with its effect;
// all of them are tried. The others are generated from the syntax of the code (operators.go) and sampled by a seed, so
// many for each package. A survivor that cannot be killed, or need not be, is in explained.yaml with the reason.
//
// The tree is never edited: the compiler sees a changed file by way of "go test -overlay". Each test of a package is
// first run by itself with coverage, so that a mutant is tried with the tests that reach its line only, the quick
// ones first. A mutant is killed when one of them fails twice, panics, or does not end in time.
package main

// Package limits reads the limits of this machine that matter for very many connections, and knows how to raise them.
//
// throng serve uses [RaiseFiles], throng check uses [Machine.Check]. The checks read /proc and /sys and work on Linux only.
package limits

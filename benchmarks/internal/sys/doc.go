//go:build linux

// Package sys has the system calls of the benchmark programs, without the
// costs of the Go scheduler: the floor and the load generator each run one goroutine on
// one core, so a raw call blocks no other goroutine.
package sys

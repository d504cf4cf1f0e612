//go:build linux

// Package sys has the few system calls the benchmark programs are made of, without the
// costs of the Go scheduler: the floor and the load generator each run one goroutine on
// one core, so a raw call keeps nobody from anything.
package sys

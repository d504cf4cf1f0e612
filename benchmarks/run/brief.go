//go:build linux

package main

import (
	"fmt"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// brief is one result in a few words, for the progress.
func brief(w workload, r result.Result) string {
	if r.Foreign > disturbing && r.Fault == "" {
		return fmt.Sprintf("%s; others used %.0f %% of the machine", figures(w, r), 100*r.Foreign)
	}
	return figures(w, r)
}

func figures(w workload, r result.Result) string {
	switch {
	case r.Fault == result.NotSupported:
		return "does not take part in this"
	case r.Fault != "":
		return "FAILED: " + r.Fault
	case w.Kind == "idle":
		return fmt.Sprintf("%.0f bytes per connection, and %.0f in the kernel", r.BytesPerConn, r.KernelPerConn)
	case w.Kind == "pings":
		return fmt.Sprintf("%.0f CPU s an hour for 100,000 connections, %.2f us per ping", r.IdleCost, r.ServerCPU)
	case w.Kind == "connect" || w.Kind == "recovery":
		return fmt.Sprintf("%.1f k/s, server CPU %.1f us each, p99 %.1f ms, generator idle %.0f %%", r.Connects/1e3, r.ServerCPU, r.P99/1e3, 100*r.GeneratorIdle)
	}
	return fmt.Sprintf("%.0f k/s, server CPU %.2f us each, %.1f per read, generator idle %.0f %%",
		r.Rate/1e3, r.ServerCPU, r.PerRead, 100*r.GeneratorIdle)
}

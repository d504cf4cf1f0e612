//go:build linux

package main

import (
	"fmt"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// brief is one result for the eye of who waits.
func brief(w work, r result.Result) string {
	if r.Foreign > disturbing && r.Fault == "" {
		return fmt.Sprintf("%s; others used %.0f %% of the machine", figures(w, r), 100*r.Foreign)
	}
	return figures(w, r)
}

func figures(w work, r result.Result) string {
	switch {
	case r.Fault == notSpoken:
		return "does not speak this"
	case r.Fault != "":
		return "FAILED: " + r.Fault
	case w.Kind == "idle":
		return fmt.Sprintf("%.0f bytes per connection, %.0f of the kernel", r.BytesPerConn, r.KernelPerConn)
	case w.Kind == "pings":
		return fmt.Sprintf("%.0f CPU s per hour and 100,000, %.2f us a ping", r.IdleCost, r.ServerCPU)
	case w.Kind == "connect" || w.Kind == "recovery":
		return fmt.Sprintf("%.1f k/s, %.1f us of server, p99 %.1f ms, generator idle %.0f %%", r.Connects/1e3, r.ServerCPU, r.P99/1e3, 100*r.GeneratorIdle)
	}
	return fmt.Sprintf("%.0f k/s, %.2f us of server, %.1f a read, generator idle %.0f %%",
		r.Rate/1e3, r.ServerCPU, r.PerRead, 100*r.GeneratorIdle)
}

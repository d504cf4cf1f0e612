package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/alecthomas/kong"

	"github.com/throngd/throng/internal/human"
	"github.com/throngd/throng/internal/limits"
)

type checkCmd struct{ settings }

func (c *checkCmd) Run(ctx *kong.Context, s *streams) error {
	cfg, err := c.load(ctx, c.ConfigFile)
	if err != nil {
		return err
	}
	m, err := limits.This()
	if err != nil {
		return err
	}
	cfg.Resolve(m.Files.Connections())
	if runtime.GOOS != "linux" {
		fmt.Fprintf(s.out, "throng check knows the limits of Linux; on %s it checks open files only\n", runtime.GOOS)
	}
	findings := m.Check(limits.Need{Connections: cfg.MaxConnections, HistoryBytes: int64(cfg.HistoryBytes)})
	fmt.Fprintf(s.out, "%d connections (max_connections: %s)\n\n", cfg.MaxConnections, cfg.Source("max_connections"))
	if low := printFindings(s.out, findings); low > 0 {
		return human.Errorf("run the commands above, then throng check again; --max-connections says how many are meant",
			"%d of %d limits stand in the way of %d connections", low, len(findings), cfg.MaxConnections)
	}
	fmt.Fprintln(s.out, "\nnothing stands in the way")
	return nil
}

// printFindings returns how many limits are too low.
func printFindings(w io.Writer, findings []limits.Finding) (low int) {
	for _, f := range findings {
		mark := "ok "
		if !f.OK {
			mark = "LOW"
			low++
		}
		fmt.Fprintf(w, "%s  %-32s %s\n", mark, f.Name, f.Detail)
		if f.Fix != "" {
			fmt.Fprintf(w, "       %s\n", f.Fix)
		}
	}
	return low
}

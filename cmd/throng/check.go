package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/alecthomas/kong"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/limits"
)

type checkCmd struct {
	settings
	Connections int `placeholder:"N" help:"Intended number of connections, instead of --max-connections."`
}

func (c *checkCmd) Run(ctx *kong.Context, s *streams) error {
	cfg, err := c.load(ctx, c.ConfigFile)
	if err != nil {
		return err
	}
	m, err := limits.This()
	if err != nil {
		return err
	}
	n, source, err := c.meant(cfg, m)
	if err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		fmt.Fprintf(s.out, "throng check knows the limits of Linux; on %s it checks open files only\n", runtime.GOOS)
	}
	findings := m.Check(n)
	fmt.Fprintf(s.out, "%d connections (%s)\n\n", n.Connections, source)
	if low := printFindings(s.out, findings); low > 0 {
		return clierr.Errorf("run the commands above, then throng check again; --connections says how many are meant",
			"%d of %d limits stand in the way of %d connections", low, len(findings), n.Connections)
	}
	fmt.Fprintln(s.out, "\nnothing stands in the way")
	return nil
}

// meant returns the intended number of connections, and the name of its setting.
func (c *checkCmd) meant(cfg *config.Loaded, m *limits.Machine) (n limits.Need, source string, err error) {
	const most = 1 << 30
	if c.Connections < 0 || c.Connections > most {
		return n, "", clierr.Usagef("leave it out for what max_connections says",
			"--connections %d is not between 1 and %d", c.Connections, most)
	}
	n.Configured, n.Reserve = cfg.MaxConnections, reserved(cfg)
	cfg.Resolve(m.Files.Connections(n.Reserve))
	n.Connections, n.HistoryBytes, n.Forgotten = cfg.MaxConnections, int64(cfg.HistoryBytes), cfg.ForgottenRooms
	n.BacklogBytes, n.UnsentBytes = int64(cfg.BacklogBytes), int64(cfg.UnsentBytes)
	if c.Connections == 0 {
		return n, fmt.Sprint("max_connections: ", cfg.Source("max_connections")), nil
	}
	n.Connections = c.Connections
	return n, "--connections", nil
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

package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/gcpace"
	"github.com/throngd/throng/internal/limits"
	"github.com/throngd/throng/internal/server"
	"github.com/throngd/throng/internal/systemd"
)

type serveCmd struct{ settings }

func (c *serveCmd) Run(ctx *kong.Context, s *streams) error {
	cfg, err := c.load(ctx, c.ConfigFile)
	if err != nil {
		return err
	}
	level := &slog.LevelVar{}
	setLevel(level, cfg.LogLevel)
	hungUp := hangUp(s.err)
	log := openLog(s, int(cfg.LogQueue), level)
	if err := resolve(cfg, log); err != nil {
		return err
	}
	warnUserLimits(cfg, log)
	gcpace.Start()
	public, err := server.New(&cfg.Config, release(), log)
	if err != nil {
		return err
	}
	p := &process{cfg: cfg, log: log, level: level, hungUp: hungUp, dropped: s.errQueue.Dropped, public: public, manager: systemd.NewNotifier()}
	p.reloads.layers = c.layers(ctx, c.ConfigFile)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := p.listen(); err != nil {
		return err
	}
	return p.run(signals, func() { p.announce(s.out) })
}

// warnUserLimits warns about limits per user, which have no effect while no client can have a user id.
func warnUserLimits(cfg *config.Loaded, log *slog.Logger) {
	var set []string
	if cfg.ConnectionsPerUser > 0 {
		set = append(set, "connections_per_user")
	}
	if cfg.ConnectionRatePerUser > 0 {
		set = append(set, "connection_rate_per_user")
	}
	if len(set) > 0 {
		log.Warn("limits per user change nothing: throng serve cannot check tokens yet, so everybody is anonymous", "settings", set)
	}
}

// reserved returns the number of descriptors that connections cannot use.
func reserved(cfg *config.Loaded) int {
	return limits.Reserve(cmp.Or(cfg.Loops, runtime.GOMAXPROCS(0)), cfg.MaxAdmin)
}

// resolve replaces the automatic values of the configuration.
func resolve(cfg *config.Loaded, log *slog.Logger) error {
	files, err := limits.RaiseFiles()
	if err != nil {
		return fmt.Errorf("reading the limit of open files: %w", err)
	}
	reserve := reserved(cfg)
	room := files.Connections(reserve)
	need := cfg.MaxConnections + reserve
	switch {
	case cfg.MaxConnections > room:
		return clierr.Errorf(
			fmt.Sprintf("raise it with: ulimit -n %d (under systemd: LimitNOFILE=%d), or lower --max-connections to %d; see throng check", need, need, room),
			"the limit of open files, %d, is too low for %d connections (max_connections from %s): they need %d",
			files.Hard, cfg.MaxConnections, cfg.Source("max_connections"), need)
	case room == 0:
		return clierr.Errorf("raise it with: ulimit -n 65536; see throng check",
			"the limit of open files, %d, leaves no room for connections beside the %d kept back", files.Hard, reserve)
	}
	cfg.Resolve(room)
	if cfg.MaxConnections < 1024 && cfg.Source("max_connections").Layer == config.Automatic {
		log.Warn("the limit of open files allows few connections; see throng check", "max_connections", cfg.MaxConnections)
	}
	return nil
}

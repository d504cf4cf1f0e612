package main

import (
	"errors"

	"github.com/throngd/throng/internal/human"
)

// reload reads the configuration again (SIGHUP) and takes over what can change
// while the server runs. What is wrong changes nothing and is told.
func (p *process) reload() {
	next, err := p.load()
	if err != nil {
		p.notReloaded(err)
		return
	}
	next.Resolve(p.cfg.MaxConnections)
	merged, taken, fixed := p.cfg.With(next)
	if err := p.public.Reload(&merged.Config); err != nil {
		p.notReloaded(err)
		return
	}
	p.cfg = merged
	setLevel(p.level, merged.LogLevel)
	p.log.Info("reloaded", "file", merged.File, "changed", append([]string{}, taken...))
	if len(fixed) > 0 {
		p.log.Warn("these settings differ and need a restart", "settings", fixed)
	}
}

func (p *process) notReloaded(err error) {
	args := []any{"error", err}
	var h *human.Error
	if errors.As(err, &h) && h.Hint != "" {
		args = append(args, "hint", h.Hint)
	}
	p.log.Error("not reloaded, everything stays as it was", args...)
}

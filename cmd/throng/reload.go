package main

import (
	"errors"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/config"
)

// beginReload reads the configuration and the certificate again (SIGHUP), on a goroutine of its own. A reload that is
// requested while one runs follows it.
func (p *process) beginReload() {
	switch r := &p.reloads; {
	case r.given:
		p.tell(p.manager.Reloading())
		defer func() { p.tell(p.manager.Ready(p.status("serving"))) }()
		r.refused.Add(1)
		p.log.Error("not reloaded: an earlier reload, which was given up, still waits for its files")
	case r.running:
		r.again = true
	default:
		p.tell(p.manager.Reloading())
		was := p.cfg
		r.begin(was.ReloadTimeout, func() reloaded { return p.readAgain(was) })
	}
}

// readAgain computes the configuration that replaces the current one, and changes nothing. It may take long. A configuration
// that cannot be read does not prevent the use of a renewed certificate.
func (p *process) readAgain(was *config.Loaded) (r reloaded) {
	r.change, r.err = was.Reload(p.reloads.layers, was.MaxConnections)
	cfg := &was.Config
	if r.err == nil {
		cfg = &r.change.Config
	}
	r.cert, r.certErr = p.public.ReadCertificate(cfg)
	return r
}

// abandonReload ignores the result of the running reload, whenever it comes.
func (p *process) abandonReload() {
	p.reloads.given, p.reloads.timeout = true, nil
	p.reloads.timedOut.Add(1)
	p.log.Error("the reload is given up, everything stays as it was: its files could not be read in time", "reload_timeout", p.cfg.ReloadTimeout.String())
	p.tell(p.manager.Ready(p.status("serving")))
}

// endReload applies the configuration and the certificate that the reload has read.
func (p *process) endReload(r reloaded) {
	if p.reloads.end() {
		p.takeCertificate(&r)
		p.takeChange(r)
		p.tell(p.manager.Ready(p.status("serving")))
	}
	if p.reloads.again {
		p.reloads.again = false
		p.beginReload()
	}
}

func (p *process) takeCertificate(r *reloaded) {
	err := r.certErr
	if err == nil {
		err = p.public.TakeCertificate(r.cert)
	}
	switch {
	case err == nil:
	case r.change != nil:
		r.change.Refuse("tls", err)
	default:
		p.fault("the certificate cannot be used, the old one stays", err)
	}
}

func (p *process) takeChange(r reloaded) {
	c, err := r.change, r.err
	if err == nil {
		err = p.public.Reload(&c.Config)
	}
	if err != nil {
		p.reloads.refused.Add(1)
		p.fault("not reloaded, everything stays as it was", err)
		return
	}
	p.cfg = c.Loaded
	setLevel(p.level, c.LogLevel)
	for _, f := range c.Refused {
		p.fault("a part of the configuration is not taken over and stays as it was", f.Err, "part", f.Part)
	}
	p.log.Info("reloaded", "file", c.File, "changed", append([]string{}, c.Taken...))
	if len(c.Fixed) > 0 {
		p.log.Warn("these settings differ and need a restart", "settings", c.Fixed)
	}
	if len(c.Refused) > 0 {
		p.reloads.partly.Add(1)
	} else {
		p.reloads.applied.Add(1)
	}
}

// fault logs an error with its hint.
func (p *process) fault(msg string, err error, args ...any) {
	args = append(args, "error", err)
	var h *clierr.Error
	if errors.As(err, &h) && h.Hint != "" {
		args = append(args, "hint", h.Hint)
	}
	p.log.Error(msg, args...)
}

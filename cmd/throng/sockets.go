package main

import (
	"net"
	"strings"

	"github.com/throngd/throng/internal/admin"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/unixsocket"
)

// openAdmin opens the admin port, unless systemd has opened it.
func (p *process) openAdmin() (err error) {
	if p.cfg.Admin == "" || p.admin != nil {
		return nil
	}
	if strings.HasPrefix(p.cfg.Admin, unixsocket.Prefix) {
		ln, err := p.openSocket(p.cfg.Admin)
		if err == nil {
			p.admin = admin.On(ln, p.adminOptions())
		}
		return err
	}
	if p.admin, err = admin.Listen(p.cfg.Admin, p.adminOptions()); err != nil {
		return listenError(err, "admin", p.cfg.Admin)
	}
	return nil
}

// openPublic opens the public port, or uses the socket of systemd.
func (p *process) openPublic() error {
	if p.inherited == "" && strings.HasPrefix(p.cfg.Listen, unixsocket.Prefix) {
		ln, err := p.openSocket(p.cfg.Listen)
		if err != nil {
			return err
		}
		p.public.Inherit(ln)
	}
	err := p.public.Listen()
	switch {
	case err == nil:
		return nil
	case p.inherited != "":
		return clierr.Errorf("see systemctl status throng.socket; --listen is not used with it", "cannot serve the socket that systemd passed, %s: %w", p.inherited, err)
	}
	return listenError(err, "listen", p.cfg.Listen)
}

// openSocket opens a Unix socket, whose file is removed at the end of the process.
func (p *process) openSocket(addr string) (net.Listener, error) {
	ln, err := unixsocket.Listen(addr, p.cfg.SocketPermissions())
	if err != nil {
		return nil, err
	}
	p.sockets = append(p.sockets, ln)
	return ln.UnixListener, nil
}

// removeSockets removes the files of the Unix sockets, except for those that a successor has replaced.
func (p *process) removeSockets() {
	for _, ln := range p.sockets {
		if err := ln.Remove(); err != nil {
			p.log.Warn("the file of a socket stays", "error", err)
		}
	}
}

// addrText returns an address in the form of --listen.
func addrText(a net.Addr) string {
	if a.Network() == "unix" {
		return unixsocket.Prefix + a.String()
	}
	return a.String()
}

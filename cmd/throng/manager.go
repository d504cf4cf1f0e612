package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/throngd/throng/internal/admin"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/systemd"
)

// adminSocket is the FileDescriptorName= of a socket that is the admin port;
// any other is the public one.
const adminSocket = "admin"

// inherit takes over the sockets that systemd has opened for us, if any.
func (p *process) inherit() error {
	sockets, err := systemd.Sockets()
	if err != nil {
		return clierr.Errorf("see systemctl status throng.socket", "%w", err)
	}
	for _, s := range sockets {
		switch {
		case s.Name == adminSocket && p.admin == nil:
			p.admin = admin.On(s.Listener, p.adminOptions())
		case s.Name != adminSocket && p.inherited == "":
			p.inherited = fmt.Sprintf("%q at %s", s.Name, addrText(s.Listener.Addr()))
			p.public.Inherit(s.Listener)
		default:
			return clierr.Errorf("one ListenStream= for the public port, and one with FileDescriptorName=admin for the admin port; [::]:8080 is both IPv6 and IPv4",
				"systemd passed more sockets than there are ports: %q at %s", s.Name, addrText(s.Listener.Addr()))
		}
	}
	return nil
}

// tell logs what could not be told to systemd.
func (p *process) tell(err error) {
	if err != nil {
		p.log.Warn("no service manager to talk to", "error", err)
	}
}

// status is the line of systemctl status.
func (p *process) status(text string) string {
	return text + " " + addrText(p.public.Addr()) + ", " + strconv.Itoa(p.public.Connections()) + " connections"
}

// watchdog tells systemd that we live, as long as every event loop ticks; when
// one hangs systemd restarts us (WatchdogSec=). It looks four times in that time,
// so that a single bad moment costs nothing. It ends with done.
func (p *process) watchdog(done <-chan struct{}) {
	every := p.manager.Watchdog() / 4
	if every <= 0 {
		return
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
		}
		if err := p.public.Health(); err != nil {
			p.log.Error("the watchdog is not fed", "error", err)
			continue
		}
		p.tell(p.manager.Alive())
	}
}

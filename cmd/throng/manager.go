package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/throngd/throng/internal/admin"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/systemd"
)

// adminSocket is the FileDescriptorName= of the socket of the admin port; any other socket is the public port.
const adminSocket = "admin"

// inherit uses the sockets that systemd has opened, if any.
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

// tell logs the error of a notification.
func (p *process) tell(err error) {
	if err != nil {
		p.log.Warn("no service manager to talk to", "error", err)
	}
}

// status returns the line that systemctl status shows.
func (p *process) status(text string) string {
	return text + " " + addrText(p.public.Addr()) + ", " + strconv.Itoa(p.public.Connections()) + " connections"
}

// watchdog notifies systemd as long as every event loop ticks; otherwise systemd restarts the process (WatchdogSec=). It
// checks four times in that time, so that one failed check has no effect. It ends with done.
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

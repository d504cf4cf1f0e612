package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/throngd/throng/internal/admin"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/gcpace"
	"github.com/throngd/throng/internal/metrics"
	"github.com/throngd/throng/internal/server"
	"github.com/throngd/throng/internal/systemd"
	"github.com/throngd/throng/internal/unixsocket"
)

// process is a running server: the public port and the admin port.
type process struct {
	cfg    *config.Loaded
	log    *slog.Logger
	level  *slog.LevelVar // of log
	hungUp func() bool    // reports whether the terminal is gone, so that SIGHUP does not request a reload
	public *server.Server
	admin  *admin.Server // nil when it is turned off

	inherited string // the socket that systemd has opened as the public port, for messages
	sockets   []*unixsocket.Listener

	dropped func() int64 // lines of the log
	reloads reloads
	manager *systemd.Notifier
}

// listen binds the ports that systemd has not bound, the admin port first: /readyz answers 503 until the public port is open.
func (p *process) listen() error {
	if err := p.inherit(); err != nil {
		return err
	}
	if err := p.openAdmin(); err != nil {
		return err
	}
	if p.admin != nil {
		p.admin.Metrics, p.admin.Health = p.public.Metrics(p.own), p.public.Health
		go func() {
			if err := p.admin.Serve(); !errors.Is(err, http.ErrServerClosed) {
				p.log.Error("the admin listener failed", "error", err)
			}
		}()
	}
	if err := p.openPublic(); err != nil {
		p.closeAdmin(context.Background())
		p.removeSockets()
		return err
	}
	return nil
}

func (p *process) adminOptions() admin.Options {
	return admin.Options{Hosts: p.cfg.AdminHosts, Profiles: p.cfg.AdminProfiles, MaxConns: p.cfg.MaxAdmin}
}

func (p *process) setState(s admin.State) {
	if p.admin != nil {
		p.admin.SetState(s)
	}
}

func (p *process) closeAdmin(ctx context.Context) {
	if p.admin != nil {
		_ = p.admin.Close(ctx) // its clients are probes: nothing is lost
	}
}

// run serves until a signal ends it, or the public port fails.
func (p *process) run(signals <-chan os.Signal, ready func()) error {
	defer p.removeSockets()
	defer p.closeAdmin(context.Background())
	served, done := make(chan error, 1), make(chan struct{})
	defer close(done)
	go func() { served <- p.public.Serve() }()
	go p.watchdog(done)
	go gcpace.ReleaseMemory(done, p.public.InUse)
	p.setState(admin.Ready)
	p.tell(p.manager.Ready(p.status("serving")))
	ready()
	for {
		select {
		case err := <-served:
			return fmt.Errorf("serving %s: %w", p.public.Addr(), err)
		case s := <-signals:
			if s != syscall.SIGHUP || p.hungUp() {
				return p.stop(s, signals, served)
			}
			p.beginReload()
		case r := <-p.reloads.read:
			p.endReload(r)
		case <-p.reloads.timeout:
			p.abandonReload()
		}
	}
}

// own adds the metrics of the process.
func (p *process) own(snap *metrics.Snapshot) {
	snap.Version, snap.LogDropped = release(), p.dropped()
	snap.AdminClosed = p.admin.Closed()
	snap.Reloads = p.reloads.counts()
}

// stopReserve is the time of a stop beside the drain times: for publishes in flight, the last closing handshakes and the
// rooms.
const stopReserve = 15 * time.Second

// stop ends the server in order: /readyz fails first, then the public port ends
// as [server.Server.Stop] says. A second signal ends it at once.
func (p *process) stop(s os.Signal, signals <-chan os.Signal, served <-chan error) error {
	p.setState(admin.Draining)
	delay, drain := p.public.DrainTimes()
	p.tell(p.manager.Stopping(p.status("draining"), delay+drain+stopReserve))
	if !p.cfg.Dev {
		p.log.Info("stopping", "signal", s.String(), "connections", p.public.Connections(), "drain", drain.String(), "delay", delay.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	began := time.Now()
	go func() {
		if secondSignal(ctx, signals, began) {
			cancel()
		}
	}()
	if p.public.Stop(ctx) != nil {
		return clierr.Errorf("one signal lets the connections go over the drain time", "ended at once by a second signal")
	}
	return <-served
}

// oneSignal is the time in which the same signal counts once: timeout(1) and some supervisors send it to a process and then
// to its group.
const oneSignal = 200 * time.Millisecond

// secondSignal waits for a signal after the first one, which arrived at began. It returns false when ctx ends.
func secondSignal(ctx context.Context, signals <-chan os.Signal, began time.Time) bool {
	for {
		select {
		case s := <-signals:
			if time.Since(began) >= oneSignal && s != syscall.SIGHUP { // there is nothing left to reload
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
}

// announce prints the address of the server: two lines on a terminal, otherwise a line in the log.
func (p *process) announce(w io.Writer) {
	if !p.cfg.Dev {
		args := []any{"version", release(), "listen", addrText(p.public.Addr()), "tls", p.public.TLS(), "max_connections", p.cfg.MaxConnections}
		if p.admin != nil {
			args = append(args, "admin", addrText(p.admin.Addr()))
		}
		p.log.Info("serving", args...)
		return
	}
	if p.public.Addr().Network() == "unix" {
		fmt.Fprintf(w, "Ask    curl --unix-socket %s http://localhost/   in another terminal\n", p.public.Addr())
		return
	}
	addr := dialable(p.public.Addr())
	page, chat, flag := "http", "ws", ""
	if p.public.TLS() {
		page, chat = "https", "wss"
		if host, _, _ := net.SplitHostPort(addr); !p.public.Trusted(host) {
			flag = " --insecure"
		}
	}
	fmt.Fprintf(w, "Open   %s://%s in a browser\n", page, addr)
	fmt.Fprintf(w, "Type   %s chat%s %s://%s/ws lobby   in another terminal\n", executable(), flag, chat, addr)
}

// dialable returns an address at which this machine can connect to a listener.
func dialable(addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

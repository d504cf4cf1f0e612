package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/certs"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/edge"
	"github.com/throngd/throng/internal/hosts"
	"github.com/throngd/throng/internal/metrics"
	"github.com/throngd/throng/internal/web"
	"github.com/throngd/throng/netpoll"
)

// Server is the public listener.
type Server struct {
	drain    drain
	draining atomic.Bool // Stop was called
	log      *slog.Logger
	certs    *certs.Store // nil without TLS
	origins  origins
	edge     *edge.Edge
	poll     *netpoll.Server
}

// New returns a server for a configuration that is validated and resolved ([config.Loaded.Resolve]). Clients get version in
// the connect result.
func New(cfg *config.Config, version string, log *slog.Logger) (*Server, error) {
	s := &Server{drain: drainOf(cfg), log: log, origins: origins{log: log, started: time.Now()}}
	list, err := compileOrigins(cfg.AllowedOrigins)
	if err != nil {
		return nil, err
	}
	s.origins.list.Store(list)
	tlsConfig, err := s.openCertificate(cfg)
	if err != nil {
		return nil, err
	}
	if s.edge, err = edge.New(s.edgeConfig(cfg, version)); err != nil {
		return nil, err
	}
	endpoints := s.edge.Endpoints()
	s.poll = &netpoll.Server{
		Addr:                cfg.Listen,
		Loops:               cfg.Loops,
		Endpoints:           endpoints,
		HTTP:                s.whileServing(plain(endpoints, &s.origins, web.Handler())),
		AcceptHTTP:          acceptPage,
		MaxHTTP:             cfg.MaxHTTP,
		MaxConns:            cfg.MaxConnections,
		MaxConnsPerIP:       cfg.ConnectionsPerIP,
		ConnRatePerIP:       cfg.ConnectionRatePerIP,
		AcceptRate:          cfg.AcceptRate,
		MaxLag:              cfg.MaxLoopLag,
		TrustedProxies:      cfg.ProxyPrefixes(),
		ForwardedHeader:     cfg.ForwardedHeader,
		ProxyProtocol:       cfg.ProxyProtocol,
		MaxHeader:           int(cfg.MaxHeader),
		MaxHeaderMemory:     int(cfg.HeaderBytes),
		HeaderTimeout:       cfg.HeaderTimeout,
		MessageTimeout:      cfg.MessageTimeout,
		MaxFragments:        cfg.MaxFragments,
		MaxControls:         cfg.MaxControlFrames,
		TLS:                 tlsConfig,
		HelloTimeout:        cfg.HelloTimeout,
		MaxTLSHandshakes:    cfg.MaxHandshakes,
		TLSHandshakeTimeout: cfg.HandshakeTimeout,
		CompressMin:         int(cfg.CompressMin),
		MaxBacklogMemory:    int64(cfg.BacklogBytes),
		UnsentBytes:         orNone(int(cfg.UnsentBytes)),
		OnRefuse:            s.logRefused,
		OnError:             func(err error) { log.Error("network", "error", err) },
	}
	return s, nil
}

// Inherit makes Listen use this TCP listener instead of binding an address.
func (s *Server) Inherit(ln net.Listener) { s.poll.Listener = ln }

// Listen binds the address. After an error the server cannot be used.
func (s *Server) Listen() error {
	if err := s.poll.Listen(); err != nil {
		s.edge.Close()
		return err
	}
	s.origins.hosts = hosts.Listener(s.poll.ListenAddr())
	s.edge.Bind(s.poll)
	return nil
}

// Addr is the bound address.
func (s *Server) Addr() net.Addr { return s.poll.ListenAddr() }

// Connections returns the number of connections. Any goroutine may call it.
func (s *Server) Connections() int { return s.poll.NumConns() }

// Serve serves until Stop, and returns nil then.
func (s *Server) Serve() error {
	stop := s.watchCertificate()
	defer s.summarizeRefusals()()
	err := s.poll.Serve()
	stop()
	s.edge.Close()
	if errors.Is(err, netpoll.ErrServerClosed) {
		return nil
	}
	return err
}

// stallTime is the time without a tick, of which there is one a second, after which an event loop is reported as stalled.
const stallTime = 2 * time.Second

// Health returns an error if an event loop has not ticked for two seconds. Any goroutine may call it.
func (s *Server) Health() error {
	if loops := s.poll.Stalled(stallTime); len(loops) > 0 {
		return fmt.Errorf("event loops %v have not ticked for %v", loops, stallTime)
	}
	return nil
}

// Metrics returns the handler for Prometheus. own adds the numbers that the process counts.
func (s *Server) Metrics(own func(*metrics.Snapshot)) http.Handler {
	return metrics.Handler(func() metrics.Snapshot {
		snap := metrics.Snapshot{Network: s.poll.Stats(), Edge: s.edge.Stats(), Rooms: s.edge.Hub().Stats()}
		own(&snap)
		return snap
	})
}

// Approximate memory of each, in bytes.
const (
	perConnection = 1 << 10
	perMembership = 1 << 10
	perForgotten  = 56
)

// InUse estimates the bytes that connections, rooms and messages take. Any goroutine may call it.
func (s *Server) InUse() int64 {
	r := s.edge.Hub().Stats()
	return int64(s.Connections())*perConnection + r.Members*perMembership + r.Forgotten*perForgotten + r.HistoryBytes
}

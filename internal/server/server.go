package server

import (
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/certs"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/edge"
	"github.com/throngd/throng/internal/hosts"
	"github.com/throngd/throng/internal/web"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Server is the public port.
type Server struct {
	drain    drain
	draining atomic.Bool // Stop was called
	log      *slog.Logger
	certs    *certs.Store // nil without TLS
	origins  origins
	edge     *edge.Edge
	poll     *netpoll.Server
}

// New makes a server of a configuration that is validated and resolved
// ([config.Config.Resolve]). version is told to clients.
func New(cfg *config.Config, version string, log *slog.Logger) (*Server, error) {
	s := &Server{drain: drainOf(cfg), log: log, origins: origins{log: log, born: time.Now()}}
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

// orNone is a bound of netpoll, where 0 is a default and less than that is none.
func orNone(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

func (s *Server) edgeConfig(cfg *config.Config, version string) edge.Config {
	return edge.Config{
		Loops:          cfg.Loops,
		Version:        version,
		Log:            s.log,
		Client:         cfg.Client,
		Channel:        cfg.Channel,
		CheckOrigin:    s.origins.check,
		MaxMessage:     int(cfg.MaxMessage),
		Compression:    cfg.Compression,
		Echo:           cfg.Echo,
		EchoMaxMessage: int(cfg.EchoMaxMessage),
		PingInterval:   cfg.PingInterval,
		PongTimeout:    cfg.PongTimeout,
		ConnectTimeout: cfg.ConnectTimeout,
		MaxBacklog:     int(cfg.OutboundBytes),
		BacklogAge:     cfg.OutboundAge,
		LoopMailbox:    int64(cfg.LoopMailbox),
		MaxRooms:       cfg.RoomsPerConnection,

		WaitingCommands:   cfg.WaitingCommands,
		CommandsPerSecond: cfg.CommandsPerSecond,
		BytesPerSecond:    int(cfg.BytesPerSecond),
		RoomRate:          cfg.NewRoomsPerSecond,
		UserConnections:   cfg.ConnectionsPerUser,
		UserRate:          cfg.ConnectionRatePerUser,

		Hub: hubConfig(cfg),
	}
}

// hubConfig bounds the rooms. No reply is larger than half of what a
// connection may be owed.
func hubConfig(cfg *config.Config) room.Config {
	return room.Config{
		Shards:                  cfg.Shards,
		Mailbox:                 cfg.ShardMailbox,
		MaxRooms:                cfg.MaxRooms,
		HistoryBytes:            int64(cfg.HistoryBytes),
		RoomBytes:               int64(cfg.RoomHistoryBytes),
		PublisherBytes:          int64(cfg.PublisherHistoryBytes),
		ForgottenRooms:          cfg.ForgottenRooms,
		JoinLeaveMaxMembers:     cfg.JoinLeaveMaxMembers,
		PresenceMax:             cfg.PresenceMax,
		RecoveryMaxPublications: cfg.RecoveryMaxPublications,
		PresenceMaxBytes:        int(min(cfg.PresenceMaxBytes, cfg.OutboundBytes/2)),
		RecoveryMaxBytes:        int(min(cfg.RecoveryMaxBytes, cfg.OutboundBytes/2)),
		HistoryMaxLimit:         cfg.HistoryMaxPublicationLimit,
		HistoryMaxBytes:         int(min(cfg.HistoryMaxBytes, cfg.OutboundBytes/2)),
		IdempotencyWindow:       cfg.IdempotencyWindow,
		IdempotencyKeys:         cfg.IdempotencyKeys,
	}
}

// Listen binds the address; on an error the server is over.
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

// Connections is how many there are. Any goroutine may call it.
func (s *Server) Connections() int { return s.poll.NumConns() }

// Serve runs until Stop, which makes it return nil.
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

package server

import (
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/edge"
	"github.com/throngd/throng/room"
)

// Reload applies the settings that can change while the server runs, except for the certificate. [config.Loaded.With] knows
// which these are. No connection is closed. On an error nothing changes. Call it from the goroutine that calls Stop.
func (s *Server) Reload(cfg *config.Config) error {
	list, err := compileOrigins(cfg.AllowedOrigins)
	if err != nil {
		return err
	}
	if err := s.edge.Reload(s.edgeConfig(cfg, "")); err != nil {
		return err
	}
	s.poll.LimitIP(cfg.ConnectionsPerIP, cfg.ConnectionRatePerIP)
	s.origins.list.Store(list)
	s.drain = drainOf(cfg)
	return nil
}

// orNone converts a limit to one of netpoll, where 0 is the default and a negative number is no limit.
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

// hubConfig returns the limits of the rooms. No reply is larger than half of the backlog that a connection may have.
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

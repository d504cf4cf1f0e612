package config

import "runtime"

// Resolve replaces the zeros that mean "automatic". maxConns is the max_connections that this machine allows. Call it once,
// after the configuration is validated.
func (c *Config) Resolve(maxConns int) {
	cpus := runtime.GOMAXPROCS(0)
	orElse(&c.Loops, cpus)
	orElse(&c.Shards, cpus)
	orElse(&c.MaxConnections, maxConns)
	orElse(&c.EchoMaxMessage, c.MaxMessage)
	orElse(&c.RoomsPerConnection, min(128, max(1, c.roomsInFrame())))
	orElse(&c.WaitingCommands, max(256, c.RoomsPerConnection))
	orElse(&c.RoomHistoryBytes, max(c.HistoryBytes/16, MiB))
	orElse(&c.PublisherHistoryBytes, c.RoomHistoryBytes)
	orElse(&c.OutboundBytes, c.automaticOutbound())
	orElse(&c.BacklogBytes, max(256*MiB, 2*c.OutboundBytes))
}

func (c *Config) automaticOutbound() Size { return max(4*MiB, 4*c.MaxMessage) }

func orElse[T int | Size](v *T, automatic T) {
	if *v == 0 {
		*v = automatic
	}
}

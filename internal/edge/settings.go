package edge

import (
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/limit"
)

// settings is the part of the Config that can change while the edge serves. It is immutable: a command uses the settings
// at its start.
type settings struct {
	namespaces *namespaces
	client     config.Client
	maxRooms   int
	waiting    int        // waiting bulk commands of a connection
	send       sendLimits // of a connection
	echo       sendLimits // the same on /echo

	recoveryBytes, historyBytes, presenceBytes int // of one answer
}

// Reload applies the settings of cfg that can change at run time; the others are ignored. They are Client, Channel, MaxRooms,
// WaitingCommands, CommandsPerSecond, BytesPerSecond, RoomRate, UserConnections, UserRate and the limits in Hub
// ([room.Hub.Reload]). They apply from the next command of each connection on. Members stay in rooms that they could no
// longer join. On an error nothing changes. Any goroutine may call it, one at a time.
func (e *Edge) Reload(cfg Config) error {
	cfg = cfg.withDefaults()
	var before *namespaces
	if old := e.current.Load(); old != nil {
		before = old.namespaces
	}
	namespaces, err := newNamespaces(&cfg.Channel, before)
	if err != nil {
		return err
	}
	e.current.Store(&settings{
		namespaces: namespaces, client: cfg.Client, maxRooms: cfg.MaxRooms, waiting: cfg.WaitingCommands,
		send:          newSendLimits(cfg.CommandsPerSecond, cfg.MaxRooms, cfg.BytesPerSecond, cfg.MaxMessage),
		echo:          newSendLimits(cfg.CommandsPerSecond, 0, cfg.BytesPerSecond, cfg.EchoMaxMessage),
		recoveryBytes: cfg.Hub.RecoveryMaxBytes, historyBytes: cfg.Hub.HistoryMaxBytes, presenceBytes: cfg.Hub.PresenceMaxBytes,
	})
	e.users.SetLimits(cfg.UserConnections, limit.NewRate(cfg.UserRate, 2*cfg.UserRate))
	e.roomsMade.SetLimits(0, limit.NewRate(cfg.RoomRate, max(2*cfg.RoomRate, cfg.MaxRooms+10)))
	if e.hub != nil { // nil: New makes it with the same Config
		e.hub.Reload(cfg.Hub)
	}
	return nil
}

// settings returns the current settings.
func (e *Edge) settings() *settings { return e.current.Load() }

// authenticator returns Config.Auth, or the one for anonymous connections.
func (e *Edge) authenticator() Authenticator {
	if e.cfg.Auth != nil {
		return e.cfg.Auth
	}
	return anonymous{e.settings().client}
}

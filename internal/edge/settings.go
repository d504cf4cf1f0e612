package edge

import (
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/limit"
)

// live is the part of the Config that can change while the edge serves. It is immutable: a command takes the one of
// its moment.
type settings struct {
	namespaces *namespaces
	client     config.Client
	maxRooms   int
	waiting    int        // bulk commands of a connection
	send       sendLimits // of a connection
	echo       sendLimits // the same on /echo

	recoveryBytes, historyBytes, presenceBytes int // of one answer
}

// Reload takes over Client, Channel, MaxRooms, WaitingCommands, CommandsPerSecond, BytesPerSecond, RoomRate, UserConnections and UserRate, and the bounds of Hub ([room.Hub.Reload]); the rest of cfg is not looked at. The next command of everybody is judged by them. Who is in a room stays, also if the room could
// not be joined any more. On an error everything is as it was. Any goroutine may call it, but one at a time.
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
	if e.hub != nil { // else New is about to make it
		e.hub.Reload(cfg.Hub)
	}
	return nil
}

// now is what holds at this moment.
func (e *Edge) settings() *settings { return e.current.Load() }

// authenticator decides who a connection is.
func (e *Edge) authenticator() Authenticator {
	if e.cfg.Auth != nil {
		return e.cfg.Auth
	}
	return anonymous{e.settings().client}
}

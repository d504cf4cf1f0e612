package edge

import (
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/limit"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Edge serves the client protocol on the event loops of one netpoll.Server.
type Edge struct {
	cfg     Config
	current atomic.Pointer[settings]
	drain   atomic.Pointer[drain] // nil until StopPublishes
	loops   []*loop
	started time.Time
	users   *limit.PerKey[string] // connections of users

	roomsMade    *limit.PerKey[room.ID] // rooms that connections make
	roomsRefused atomic.Int64
	hub          *room.Hub

	server *netpoll.Server
}

// New makes an edge and starts its rooms. The error is about the names of namespaces. The order of calls is: New, Endpoints
// for the server, Server.Listen, Bind, Server.Serve; and Close after the server has stopped.
func New(cfg Config) (*Edge, error) {
	e := &Edge{cfg: cfg.withDefaults(), started: time.Now(), users: limit.NewPerKey[string](), roomsMade: limit.NewPerKey[room.ID]()}
	if err := e.Reload(cfg); err != nil {
		return nil, err
	}
	for range e.cfg.Loops {
		e.loops = append(e.loops, newLoop(e))
	}
	e.hub = room.New(e.hubConfig())
	return e, nil
}

func (e *Edge) hubConfig() room.Config {
	c := e.cfg.Hub
	c.Loops = e.cfg.Loops
	c.Encode, c.EncodeJoin, c.EncodeLeave = e.encodePush, encodeJoinPush, encodeLeavePush
	c.Deliver, c.Busy, c.MayOpen = e.deliver, e.busy, e.mayOpen
	return c
}

// Bind sets the server that serves the endpoints. Call it once, after Listen and before Serve: its loops exist and have no
// connections yet.
func (e *Edge) Bind(s *netpoll.Server) {
	e.server = s
	for i, l := range e.loops {
		l.index, l.out = i, s.Loop(i)
	}
}

// Hub returns the rooms, for commands that do not come from a connection.
func (e *Edge) Hub() *room.Hub { return e.hub }

// Close ends the rooms, after they have answered what they accepted. Call it once, after the server has stopped.
func (e *Edge) Close() { e.hub.Close() }

// busy reports whether the mailbox of a loop is full, and counts if it is: the caller refuses something. Any goroutine may
// call it.
func (e *Edge) busy(i int) bool {
	l := e.loops[i]
	if l.out.QueuedBytes() <= e.cfg.LoopMailbox {
		return false
	}
	l.counters.busy.Add(1)
	return true
}

package edge

import (
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/limit"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Edge serves the protocol on the event loops of one netpoll.Server.
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

// New makes an edge and starts its rooms. Use: put Endpoints into the server, Listen, Bind, Serve; after the server
// has stopped, Close. It fails when the channel options make no sense.
func New(cfg Config) (*Edge, error) {
	e := &Edge{cfg: cfg.withDefaults(), started: time.Now(), users: limit.NewPerKey[string](), roomsMade: limit.NewPerKey[room.ID]()}
	if err := e.Reload(cfg); err != nil {
		return nil, err
	}
	for range e.cfg.Loops {
		e.loops = append(e.loops, &loop{edge: e})
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

// Bind tells the edge the server that has its endpoints. Call it once, after Listen and before Serve: the loops
// exist, and no connection does.
func (e *Edge) Bind(s *netpoll.Server) {
	e.server = s
	for i, l := range e.loops {
		l.index, l.out = i, s.Loop(i)
	}
}

// Hub gives the rooms to those who speak to them without a connection, as the server API does.
func (e *Edge) Hub() *room.Hub { return e.hub }

// Close ends the rooms; what was accepted is answered first. Call it once, after the server has stopped.
func (e *Edge) Close() {
	e.hub.Close()
}

// busy tells whether a loop can take no more. Who asks is refused then, and is counted here. Any goroutine may ask.
func (e *Edge) busy(i int) bool {
	l := e.loops[i]
	if l.out.QueuedBytes() <= e.cfg.LoopMailbox {
		return false
	}
	l.counters.busy.Add(1)
	return true
}

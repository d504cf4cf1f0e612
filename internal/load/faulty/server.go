package faulty

import (
	"bytes"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// Server is the faulty server. Its fields must be set before Start.
type Server struct {
	Fault Fault
	// At is the number of the first delivery, message, command or reply that is affected, from 1;
	// 0 means the first.
	At int64
	// Every repeats the fault after so many more; 0 means once.
	Every int64
	// Times is the largest number of faults; 0 means no limit.
	Times int64
	// Plain is a namespace without history: no positions, no offsets.
	Plain bool

	net     netpoll.Server
	ended   chan struct{}
	done    atomic.Int64
	sent    atomic.Int64
	counter int64 // of what the fault is about
	rooms   map[string]*room
	peers   int
}

// member is a connection. It belongs to the loop, as everything here does.
type member struct {
	handle netpoll.Handle
	number int
	room   *room
	deaf   bool
	held   *entry // Swap and Disorder: comes after the next one
	again  *entry // RepeatLater: comes after later has counted down
	later  int
}

const maxOwed = 1 << 30 // bytes: a slow test must not look like a fault

// Start listens on a free port of 127.0.0.1 and returns HOST:PORT. The paths are
// /connection/websocket, /echo and, for rooms, /?room=NAME.
func (s *Server) Start() (addr string, err error) {
	s.At, s.rooms, s.ended = max(s.At, 1), map[string]*room{}, make(chan struct{})
	end := func(e netpoll.Endpoint) netpoll.Endpoint {
		e.MaxMessage, e.MaxBacklog, e.OnClose = 1<<20, maxOwed, s.left
		return e
	}
	s.net = netpoll.Server{Addr: "127.0.0.1:0", Loops: 1, Endpoints: []netpoll.Endpoint{
		end(netpoll.Endpoint{Path: "/connection/websocket", Accept: s.admit, OnOpen: s.joined, OnMessage: s.commands, PingFrame: frame.AppendFrame(nil, frame.OpText, []byte("{}"))}),
		end(netpoll.Endpoint{Path: "/echo", OnOpen: s.joined, OnMessage: s.echo}),
		end(netpoll.Endpoint{Path: "/", Accept: named, OnOpen: s.entered, OnMessage: s.say}),
	}}
	if err := s.net.Listen(); err != nil {
		return "", err
	}
	go func() { defer close(s.ended); _ = s.net.Serve() }()
	return s.net.ListenAddr().String(), nil
}

// Close ends the server.
func (s *Server) Close() {
	_ = s.net.Close()
	<-s.ended
}

// Done is the number of faults so far. Any goroutine may call it.
func (s *Server) Done() int64 { return s.done.Load() }

// Sent is the number of deliveries. Any goroutine may call it.
func (s *Server) Sent() int64 { return s.sent.Load() }

// strikes counts one delivery, message, command or reply, and reports whether it is affected.
func (s *Server) strikes(kinds ...Fault) bool {
	for _, f := range kinds {
		if f == s.Fault && f != None && (s.Times == 0 || s.done.Load() < s.Times) {
			s.counter++
			over := s.counter - s.At
			return over == 0 || s.Every > 0 && over > 0 && over%s.Every == 0
		}
	}
	return false
}

// committed counts a fault.
func (s *Server) committed() { s.done.Add(1) }

// admit refuses the upgrade like a server that accepts no more connections.
func (s *Server) admit(*netpoll.Request) error {
	if s.silent(TurnAway) {
		return &netpoll.Reject{Status: http.StatusServiceUnavailable}
	}
	return nil
}

func named(r *netpoll.Request) error {
	q, err := url.ParseQuery(r.Query())
	if err != nil {
		return err
	}
	r.SetContext(q.Get("room"))
	return nil
}

func (s *Server) joined(c *netpoll.Conn) {
	s.peers++
	c.SetContext(&member{handle: c.Handle(), number: s.peers})
}

// entered is a member of a room that the URL names.
func (s *Server) entered(c *netpoll.Conn) {
	name, _ := c.Context().(string)
	s.joined(c)
	s.room(name).add(c.Context().(*member))
}

func (s *Server) left(c *netpoll.Conn, _ netpoll.CloseEvent) {
	if m, ok := c.Context().(*member); ok && m.room != nil {
		m.room.remove(m)
	}
}

// say publishes a message in a room that the URL names, without offsets, history and replies.
func (s *Server) say(c *netpoll.Conn, _ frame.Op, p []byte) {
	r := c.Context().(*member).room
	e := &entry{data: bytes.Clone(p)}
	if s.strikes(LoseForAll) {
		s.committed()
		return
	}
	s.deliver(c.Loop(), r, e)
}

// echo sends everything back.
func (s *Server) echo(c *netpoll.Conn, _ frame.Op, p []byte) {
	s.hand(c, c.Context().(*member), &entry{data: bytes.Clone(p)})
}

package main

import (
	"bytes"
	"context"
	"sync"

	"github.com/gobwas/ws"
	"github.com/panjf2000/gnet/v2"
)

// backlog is how many bytes may wait for one member before it is closed: gnet's own buffer
// has no bound.
const backlog = 1 << 20

// loop is what one event loop knows of the rooms. Only its own goroutine touches it.
type loop struct {
	events gnet.EventLoop
	rooms  map[string]*room
	dirty  []*room // have something to send

	// Scratch, so that no frame costs an allocation.
	reader bytes.Reader
	echo   bytes.Buffer
	buffer [ws.MaxHeaderSize]byte
}

// room is its members on this loop.
type room struct {
	name    string
	members []gnet.Conn
	out     []byte
}

func (l *loop) room(name string) *room {
	r := l.rooms[name]
	if r == nil {
		r = &room{name: name}
		l.rooms[name] = r
	}
	return r
}

// add lays a frame out for the room. The first one of a turn asks for the flush.
func (l *loop) add(name string, frame []byte) {
	r := l.rooms[name]
	if r == nil {
		return
	}
	if len(r.out) == 0 {
		if l.dirty = append(l.dirty, r); len(l.dirty) == 1 {
			_ = l.events.Execute(context.Background(), gnet.RunnableFunc(l.flush))
		}
	}
	r.out = append(r.out, frame...)
}

func (l *loop) flush(context.Context) error {
	dirty := l.dirty
	l.dirty = nil
	for _, r := range dirty {
		// Backwards: a failed Write calls OnClose at once, which takes the member out.
		for i := len(r.members) - 1; i >= 0; i-- {
			c := r.members[i]
			if _, err := c.Write(r.out); err == nil && c.OutboundBuffered() > backlog {
				_ = l.events.Close(c)
			}
		}
		r.out = r.out[:0]
	}
	return nil
}

// leave puts the last member into the place of c.
func (l *loop) leave(r *room, c gnet.Conn) {
	last := len(r.members) - 1
	for i, m := range r.members {
		if m == c {
			r.members[i], r.members[last] = r.members[last], nil
			r.members = r.members[:last]
			break
		}
	}
	if len(r.members) == 0 {
		delete(l.rooms, r.name)
	}
}

// server is the loops; a room may have members on all of them.
type server struct {
	gnet.BuiltinEventEngine
	mu    sync.RWMutex
	loops map[gnet.EventLoop]*loop
}

// loop is called on the loop it returns.
func (s *server) loop(events gnet.EventLoop) *loop {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.loops[events]
	if l == nil {
		l = &loop{events: events, rooms: map[string]*room{}}
		s.loops[events] = l
	}
	return l
}

// publish sends the payload to the room on all loops. here is the one it is called on.
func (s *server) publish(here *loop, name string, payload []byte) {
	frame := ws.MustCompileFrame(ws.NewTextFrame(payload))
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.loops {
		if l == here {
			l.add(name, frame)
			continue
		}
		_ = l.events.Execute(context.Background(), gnet.RunnableFunc(func(context.Context) error {
			l.add(name, frame)
			return nil
		}))
	}
}

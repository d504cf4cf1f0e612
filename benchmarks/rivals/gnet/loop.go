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

// loop has the rooms of one event loop. Only its own goroutine uses it.
type loop struct {
	events gnet.EventLoop
	rooms  map[string]*room
	dirty  []*room // rooms with messages to send

	// Scratch, so that no frame costs an allocation.
	reader bytes.Reader
	echo   bytes.Buffer
	buffer [ws.MaxHeaderSize]byte
}

// room has its members on this loop.
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

// add appends a frame to the room's output. The first frame of a turn schedules the flush.
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
		// Backwards, because a failed Write calls OnClose at once, which removes the member.
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

// leave removes c and moves the last member to its place.
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

// server has the loops; a room may have members on all of them.
type server struct {
	gnet.BuiltinEventEngine
	mu    sync.RWMutex
	loops map[gnet.EventLoop]*loop
}

// loop returns the state of the event loop on which it is called.
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

// publish sends the payload to the room on all loops. It is called on the loop here.
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

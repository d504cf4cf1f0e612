//go:build linux

package main

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/benchmarks/internal/sys"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// policy says when received messages are sent to the members.
type policy uint8

const (
	perMessage policy = iota
	perTurn           // one epoll_wait
	deep              // epoll_waits until nothing more comes, see deepen
)

const (
	turnEvents = 1024
	readSize   = 256 << 10
)

// server is a single event loop. Its connections are elements of an array, indexed by descriptor.
type server struct {
	poll     *sys.Epoll
	listener int
	policy   policy
	clients  []client // by fd
	rooms    map[string]*room
	byNumber []*room
	dirty    []*room
	parts    map[int32][]byte // incomplete frames, by fd
	payload  int              // messages are padded to this size
	read     []byte
	echoed   []byte        // scratch
	filled   []byte        // scratch
	every    time.Duration // between two pings
	pinged   time.Time
	laid     int // messages since the last flush
	hurry    int // flushes left that do not linger
	backoff  int // hurry after the next linger without a message
}

var (
	response = []byte(wire.Response)
	ping     = []byte{0x80 | wire.OpPing, 0}
)

// client is the state of a connection: its phase and the number of its room.
type client struct {
	room  int32
	phase phase
}

type phase uint8

const (
	gone phase = iota
	greeted
	member
	echo
)

// room has the descriptors of its members and the bytes to send to them.
type room struct {
	number int32
	fds    []int32
	out    []byte
}

func newServer(listener int, p policy, payload int, ping time.Duration) (*server, error) {
	poll, err := sys.NewEpoll(turnEvents)
	if err != nil {
		return nil, err
	}
	s := &server{poll: poll, listener: listener, policy: p, payload: payload, rooms: map[string]*room{},
		parts: map[int32][]byte{}, read: make([]byte, readSize), every: ping, pinged: time.Now()}
	return s, poll.Add(listener, int32(listener))
}

func (s *server) serve() {
	for {
		s.turn(s.poll.Wait(s.untilPing()))
		if s.policy == deep {
			s.deepen()
		}
		s.flush()
	}
}

// untilPing sends the pings that are due, and returns the time until the next one.
func (s *server) untilPing() time.Duration {
	if s.every == 0 {
		return -1
	}
	left := s.every - time.Since(s.pinged)
	if left > 0 {
		return left
	}
	for fd, c := range s.clients {
		if c.phase == member {
			sys.Send(fd, ping)
		}
	}
	s.pinged = s.pinged.Add(s.every)
	return 0
}

// turn reads from every connection that is ready.
func (s *server) turn(ready []unix.EpollEvent) {
	for i := range ready {
		if fd := ready[i].Fd; int(fd) == s.listener {
			s.accept()
		} else {
			s.receive(fd)
		}
	}
}

func (s *server) accept() {
	for range 64 {
		fd, err := sys.Accept(s.listener)
		if err != nil {
			return
		}
		for len(s.clients) <= fd {
			s.clients = append(s.clients, make([]client, 1024)...)
		}
		s.clients[fd] = client{phase: greeted}
		if s.poll.Add(fd, int32(fd)) != nil {
			unix.Close(fd)
		}
	}
}

func (s *server) receive(fd int32) {
	part := s.parts[fd]
	held := copy(s.read, part)
	n, errno := sys.Recv(int(fd), s.read[held:])
	switch {
	case errno == unix.EAGAIN:
		return
	case errno != 0 || n == 0:
		s.leave(fd)
		return
	}
	b := s.read[:held+n]
	if s.clients[fd].phase == greeted {
		b = s.greet(fd, b)
	} else {
		b = s.frames(fd, b)
	}
	if len(b) > 0 || part != nil {
		s.keep(fd, b)
	}
}

// keep stores the incomplete frame at the end of a read for the next read.
func (s *server) keep(fd int32, b []byte) {
	if len(b) == 0 {
		delete(s.parts, fd)
		return
	}
	s.parts[fd] = append(s.parts[fd][:0], b...)
}

// greet answers the upgrade request in b, and puts the connection into its room or the echo.
func (s *server) greet(fd int32, b []byte) (rest []byte) {
	head, rest, complete := bytes.Cut(b, []byte("\r\n\r\n"))
	if !complete {
		return b
	}
	c := &s.clients[fd]
	target, _, _ := bytes.Cut(head[len("GET "):], []byte(" "))
	if bytes.HasPrefix(target, []byte("/echo")) {
		c.phase = echo
	} else {
		_, name, _ := bytes.Cut(target, []byte("?room="))
		r := s.room(name)
		r.fds = append(r.fds, fd)
		c.room, c.phase = r.number, member
	}
	sys.Send(int(fd), response)
	return s.frames(fd, rest)
}

func (s *server) room(name []byte) *room {
	if r, ok := s.rooms[string(name)]; ok {
		return r
	}
	r := &room{number: int32(len(s.byNumber))}
	s.rooms[string(name)], s.byNumber = r, append(s.byNumber, r)
	return r
}

// leave closes the connection and removes it from its room.
func (s *server) leave(fd int32) {
	if c := s.clients[fd]; c.phase == member {
		fds := &s.byNumber[c.room].fds
		for i, f := range *fds {
			if f == fd {
				*fds = append((*fds)[:i], (*fds)[i+1:]...)
				break
			}
		}
	}
	s.clients[fd] = client{}
	delete(s.parts, fd)
	unix.Close(int(fd))
}

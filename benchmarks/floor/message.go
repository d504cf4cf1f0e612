//go:build linux

package main

import (
	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"

	"github.com/throngd/throng/benchmarks/internal/sys"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// frames handles the complete frames of b, which it unmasks in place, and returns the rest.
func (s *server) frames(fd int32, b []byte) (rest []byte) {
	c := s.clients[fd]
	if c.phase == echo {
		return s.echo(fd, b)
	}
	for {
		payload, rest := cut(b)
		if payload == nil {
			return rest
		}
		s.publish(s.byNumber[c.room], payload)
		b = rest
	}
}

// cut returns the next text message of b, or nil. Other frames are skipped.
func cut(b []byte) (payload, rest []byte) {
	for {
		h := wire.ParseHeader(b)
		if h.Size == 0 || len(b) < h.Size+h.Length {
			return nil, b
		}
		payload, rest = b[h.Size:h.Size+h.Length], b[h.Size+h.Length:]
		if h.Op == wire.OpText {
			ws.Cipher(payload, [4]byte(b[h.Size-4:]), 0)
			return payload, rest
		}
		b = rest
	}
}

// publish appends the message to the room's output. With the policy perMessage it flushes at once.
func (s *server) publish(r *room, payload []byte) {
	if len(r.out) == 0 {
		s.dirty = append(s.dirty, r)
	}
	if missing := s.payload - len(payload); missing > 0 {
		s.filled = append(append(s.filled[:0], payload...), make([]byte, missing)...)
		payload = s.filled
	}
	r.out = frame.AppendFrame(r.out, frame.OpText, payload)
	s.laid++
	if s.policy == perMessage {
		s.flush()
	}
}

// flush sends every room's output to its members, with one send each. Bytes that the kernel does
// not accept are lost, and the load generator then reports a fault.
func (s *server) flush() {
	for _, r := range s.dirty {
		for _, fd := range r.fds {
			sys.Send(int(fd), r.out)
		}
		r.out = r.out[:0]
	}
	s.dirty, s.laid = s.dirty[:0], 0
}

// echo sends the messages of b back, with one send for all of them or one send each.
func (s *server) echo(fd int32, b []byte) (rest []byte) {
	out := s.echoed[:0]
	payload, rest := cut(b)
	for ; payload != nil; payload, rest = cut(rest) {
		out = frame.AppendFrame(out, frame.OpText, payload)
		if s.policy == perMessage {
			sys.Send(int(fd), out)
			out = out[:0]
		}
	}
	if s.echoed = out; len(out) > 0 {
		sys.Send(int(fd), out)
	}
	return rest
}

package main

import (
	"bytes"

	"github.com/gobwas/ws"
	"github.com/panjf2000/gnet/v2"

	"github.com/throngd/throng/benchmarks/internal/rival"
)

const maxMessage = 1 << 20

// conn is the context of a connection; nil before the upgrade.
type conn struct {
	loop *loop
	room *room // nil for the echo
}

// OnTraffic handles the complete frames. The rest stays in gnet's buffer until the next call.
func (s *server) OnTraffic(c gnet.Conn) gnet.Action {
	k, _ := c.Context().(*conn)
	if k == nil {
		return s.greet(c)
	}
	b, err := c.Peek(-1)
	if err != nil {
		return gnet.Close
	}
	taken, ok := s.frames(c, k, b)
	if taken > 0 { // Discard(0) would discard everything
		_, _ = c.Discard(taken)
	}
	if !ok {
		return gnet.Close
	}
	return gnet.None
}

// greet answers the upgrade request when it is complete.
func (s *server) greet(c gnet.Conn) gnet.Action {
	b, _ := c.Peek(-1)
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 && len(b) < 8<<10 {
		return gnet.None
	}
	var target string
	u := ws.Upgrader{OnRequest: func(uri []byte) error { target = string(uri); return nil }}
	if _, err := u.Upgrade(c); err != nil { // reads from gnet's buffer, writes to the socket
		return gnet.Close
	}
	k := &conn{loop: s.loop(c.EventLoop())}
	if name, isEcho := rival.Target(target); !isEcho {
		k.room = k.loop.room(name)
		k.room.members = append(k.room.members, c)
	}
	c.SetContext(k)
	return gnet.None
}

// frames handles the complete frames at the start of b and returns their bytes.
func (s *server) frames(c gnet.Conn, k *conn, b []byte) (taken int, ok bool) {
	l := k.loop
	l.echo.Reset()
	for {
		size, h, ok := l.header(b[taken:])
		if !ok {
			return taken, false
		}
		if size == 0 || len(b) < taken+size+int(h.Length) {
			break
		}
		p := b[taken+size : taken+size+int(h.Length)]
		ws.Cipher(p, h.Mask, 0)
		taken += size + len(p)
		switch {
		case h.OpCode == ws.OpText && k.room != nil:
			s.publish(l, k.room.name, p)
		case h.OpCode == ws.OpText:
			_ = ws.WriteHeaderBuffer(&l.echo, ws.Header{Fin: true, OpCode: ws.OpText, Length: h.Length}, l.buffer[:])
			l.echo.Write(p)
		case h.OpCode == ws.OpPing:
			_ = ws.WriteFrame(c, ws.NewPongFrame(p))
		case h.OpCode == ws.OpClose:
			return taken, false
		}
	}
	if l.echo.Len() > 0 { // all messages of one read with one Write
		_, _ = c.Write(l.echo.Bytes())
	}
	return taken, true
}

// header reads a client's header; size is 0 if b is too short for it.
func (l *loop) header(b []byte) (size int, h ws.Header, ok bool) {
	l.reader.Reset(b)
	h, err := ws.ReadHeaderBuffer(&l.reader, l.buffer[:])
	if err != nil { // b ends inside the header
		return 0, h, true
	}
	return len(b) - l.reader.Len(), h, h.Fin && h.Masked && h.Length <= maxMessage
}

// OnClose runs on the loop of c.
func (s *server) OnClose(c gnet.Conn, _ error) gnet.Action {
	if k, _ := c.Context().(*conn); k != nil && k.room != nil {
		k.loop.leave(k.room, c)
	}
	return gnet.None
}

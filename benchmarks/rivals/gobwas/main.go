// Gobwas is gobwas/ws with a goroutine for each connection, its zero-copy upgrade, pooled
// payloads and one compiled frame for all members: https://github.com/gobwas/ws#zero-copy-upgrade
// and https://pkg.go.dev/github.com/gobwas/ws#CompileFrame
//
// The goroutine that reads a message writes it to all members, without a second goroutine or a queue.
// A member that reads nothing blocks its room until rival.Listen's timeout closes it.
package main

import (
	"bufio"
	"io"
	"log"
	"net"
	"sync"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/benchmarks/internal/rival"
)

const (
	readBuffer = 1024 // of a connection; as gorilla's
	maxMessage = 1 << 20
)

type rooms = rival.Rooms[net.Conn]

func main() {
	l := rival.Listen(rival.Addr())
	var all rooms
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(&all, c)
	}
}

func serve(all *rooms, c net.Conn) {
	defer c.Close()
	var target string
	u := ws.Upgrader{ReadBufferSize: readBuffer, OnRequest: func(uri []byte) error { target = string(uri); return nil }}
	if _, err := u.Upgrade(c); err != nil {
		return
	}
	r := &reader{Reader: bufio.NewReaderSize(c, readBuffer), conn: c}
	name, isEcho := rival.Target(target)
	if isEcho {
		r.echo()
		return
	}
	room := all.Join(name, c)
	defer room.Leave(c)
	for r.next() == nil {
		frame := ws.MustCompileFrame(ws.NewTextFrame(*r.payload))
		payloads.Put(r.payload)
		room.Each(func(to net.Conn) { _, _ = to.Write(frame) }) // a member whose connection breaks leaves in its own goroutine
	}
}

// reader reads text messages.
type reader struct {
	*bufio.Reader
	conn    net.Conn
	header  [ws.MaxHeaderSize]byte
	payload *[]byte // from the pool
}

var payloads = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// next reads the next text message and answers the other frames.
func (r *reader) next() error {
	for {
		h, err := ws.ReadHeaderBuffer(r, r.header[:])
		if err != nil {
			return err
		}
		if h.Length > maxMessage || !h.Fin || !h.Masked {
			return ws.ErrProtocolOpCodeReserved // the benchmark sends no such frames
		}
		p := payloads.Get().(*[]byte)
		*p = append((*p)[:0], make([]byte, h.Length)...)
		if _, err := io.ReadFull(r, *p); err != nil {
			return err
		}
		ws.Cipher(*p, h.Mask, 0)
		if r.payload = p; h.OpCode == ws.OpText {
			return nil
		}
		if err := r.control(h.OpCode); err != nil {
			return err
		}
	}
}

func (r *reader) control(op ws.OpCode) error {
	defer payloads.Put(r.payload)
	switch op {
	case ws.OpPing:
		return ws.WriteFrame(r.conn, ws.NewPongFrame(*r.payload))
	case ws.OpClose:
		return io.EOF
	}
	return nil
}

// echo answers all messages of one read with one write.
func (r *reader) echo() {
	w := bufio.NewWriterSize(r.conn, readBuffer)
	for r.next() == nil {
		err := ws.WriteFrame(w, ws.NewTextFrame(*r.payload))
		payloads.Put(r.payload)
		if err == nil && r.Buffered() == 0 {
			err = w.Flush()
		}
		if err != nil {
			return
		}
	}
}

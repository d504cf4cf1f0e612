package netpoll

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// BenchmarkEchoTurn is one turn of an echo server's loop: a read of so many messages of 100 bytes, and the send of the answers;
// the other end's send and recv are in it. Floor is the system calls alone.
func BenchmarkEchoTurn(b *testing.B) {
	for _, pipeline := range []int{1, 16} {
		one := frame.AppendMaskedFrame(nil, frame.OpText, bytes.Repeat([]byte("x"), 100), [4]byte{1, 2, 3, 4})
		packet := bytes.Repeat(one, pipeline)
		answer := len(packet) - 4*pipeline
		b.Run(fmt.Sprintf("floor/%d", pipeline), func(b *testing.B) {
			near, far := tcpPair(b)
			in := make([]byte, readBufSize)
			for b.Loop() {
				_, _ = send(far, packet)
				n, _ := recv(near, in)
				_, _ = send(near, in[:n-4*pipeline])
				if n, err := recv(far, in); n != answer {
					b.Fatal(n, err)
				}
			}
		})
		b.Run(fmt.Sprintf("netpoll/%d", pipeline), func(b *testing.B) {
			near, far := tcpPair(b)
			in := make([]byte, readBufSize)
			l, _ := stillEcho(b, near)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = send(far, packet)
				_ = l.event(near, unix.EPOLLIN, 0)
				if n, err := recv(far, in); n != answer {
					b.Fatal(n, err)
				}
			}
		})
		b.Run(fmt.Sprintf("no calls/%d", pipeline), func(b *testing.B) {
			near, _ := tcpPair(b)
			l, c := stillEcho(b, near)
			b.ReportAllocs()
			for b.Loop() {
				copy(l.readBuf, packet)
				l.dispatch(c, l.readBuf[:len(packet)])
				if c.out.size != answer {
					b.Fatal(c.out.size)
				}
				c.clear(flagDirty)
				l.dirty = l.dirty[:0]
				c.out.sent(answer)
				l.freeOutbox(c)
			}
		})
	}
}

// stillEcho is the loop of an echo server, which does not run, with one open connection.
func stillEcho(b *testing.B, fd int) (*Loop, *Conn) {
	s := &Server{Endpoints: []Endpoint{{OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Send(op, p) }}}}
	s.prepare()
	return still(b, &s.engine, fd)
}

package netpoll

import (
	"fmt"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// BenchmarkClientFrame is what one received frame costs a client on its loop: the whole turn,
// with the send of the other end in it. Floor is send and recv alone.
func BenchmarkClientFrame(b *testing.B) {
	for _, size := range []int{16, 128, 1024} {
		packet := frame.AppendFrame(nil, frame.OpBinary, make([]byte, size))
		b.Run(fmt.Sprintf("floor/%d", size), func(b *testing.B) {
			near, far := tcpPair(b)
			in := make([]byte, readBufSize)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = send(far, packet)
				if n, err := recv(near, in); n != len(packet) {
					b.Fatal(n, err)
				}
			}
		})
		b.Run(fmt.Sprintf("netpoll/%d", size), func(b *testing.B) {
			near, far := tcpPair(b)
			got := 0
			l, _ := stillClient(b, near, Endpoint{OnMessage: func(*Conn, frame.Op, []byte) { got++ }})
			b.ReportAllocs()
			for b.Loop() {
				_, _ = send(far, packet)
				_ = l.event(near, unix.EPOLLIN, 0)
			}
			if got != b.N {
				b.Fatal(got, b.N)
			}
		})
		b.Run(fmt.Sprintf("decode only/%d", size), func(b *testing.B) {
			near, _ := tcpPair(b)
			l, c := stillClient(b, near, Endpoint{OnMessage: func(*Conn, frame.Op, []byte) {}})
			b.ReportAllocs()
			for b.Loop() {
				l.dispatch(c, packet)
			}
		})
	}
}

// BenchmarkClientSend is what one sent frame costs a client, the recv of the other end included.
func BenchmarkClientSend(b *testing.B) {
	payload := make([]byte, 128)
	packet := frame.AppendMaskedFrame(nil, frame.OpBinary, payload, [4]byte{1, 2, 3, 4})
	for name, queue := range map[string]func(*Conn){
		"masked": func(c *Conn) { c.Send(frame.OpBinary, payload) },
		"raw":    func(c *Conn) { c.SendRaw(packet) },
	} {
		b.Run(name, func(b *testing.B) {
			near, far := tcpPair(b)
			l, c := stillClient(b, near, Endpoint{})
			in := make([]byte, readBufSize)
			b.ReportAllocs()
			for b.Loop() {
				queue(c)
				l.endTurn()
				if n, err := recv(far, in); n != len(packet) {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// stillClient is a client's loop that does not run, with an open connection.
func stillClient(b *testing.B, fd int, e Endpoint) (*Loop, *Conn) {
	k := &Client{Loops: 1, Endpoint: e}
	k.prepare()
	return still(b, &k.engine, fd)
}

// still is a loop of e that does not run, with an open connection.
func still(b *testing.B, e *engine, fd int) (*Loop, *Conn) {
	l, err := newLoop(e, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.close)
	c := e.slab.slot(fd)
	c.loop, c.fd, c.phase, c.flags = l, int32(fd), phaseOpen, flagOpened
	c.owner.Store(uint64(makeOwner(1, 0)))
	return l, c
}

// tcpPair is a TCP connection within the process.
func tcpPair(b *testing.B) (near, far int) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	dialed, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	accepted, err := ln.Accept()
	if err != nil {
		b.Fatal(err)
	}
	for i, c := range []net.Conn{dialed, accepted} {
		f, err := c.(*net.TCPConn).File()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _, _ = f.Close(), c.Close() })
		if i == 0 {
			near = int(f.Fd())
		} else {
			far = int(f.Fd())
		}
	}
	return near, far
}

package netpoll

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkBroadcastTurn is one broadcast of four messages of 100 bytes to so many members over Unix sockets; the members'
// recv is in it. Floor is the system calls alone.
func BenchmarkBroadcastTurn(b *testing.B) {
	message := text(string(bytes.Repeat([]byte("x"), 100)))
	batch := bytes.Repeat(message.bytes, 4)
	for _, members := range []int{10, 1000} {
		near, far := unixPairs(b, members)
		in := make([]byte, readBufSize)
		drain := func(b *testing.B) {
			for _, fd := range far {
				if n, err := recv(fd, in); n != len(batch) {
					b.Fatal(n, err)
				}
			}
		}
		b.Run(fmt.Sprintf("floor/%d", members), func(b *testing.B) {
			for b.Loop() {
				for _, fd := range near {
					_, _ = send(fd, batch)
				}
				drain(b)
			}
		})
		b.Run(fmt.Sprintf("netpoll/%d", members), func(b *testing.B) {
			s := &Server{Endpoints: []Endpoint{{}}}
			s.prepare()
			l, _ := still(b, &s.engine, near[0])
			for _, fd := range near {
				c := s.engine.slab.slot(fd)
				c.loop, c.fd, c.phase, c.flags = l, int32(fd), phaseOpen, flagOpened
				c.owner.Store(uint64(makeOwner(1, 0)))
				c.Subscribe("room")
			}
			b.ReportAllocs()
			for b.Loop() {
				for range 4 {
					l.fanout.publish("room", message, 0)
				}
				for l.fanout.step() {
				}
				drain(b)
			}
		})
	}
}

// unixPairs are connected sockets of this process.
func unixPairs(b *testing.B, n int) (near, far []int) {
	for range n {
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _, _ = unix.Close(p[0]), unix.Close(p[1]) })
		near, far = append(near, p[0]), append(far, p[1])
	}
	return near, far
}

package netpoll

import (
	"bufio"
	"fmt"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// TestPiggybackedReplySharesSegment: a reply and the message it belongs to arrive in one segment, in a small room, or where
// there are many replies. Few replies do not wait for the broadcast of a large room, and none waits where nothing is pending.
func TestPiggybackedReplySharesSegment(t *testing.T) {
	for _, tt := range []piggybackTest{
		{"small room", 3, 0, true, 20, [2]string{"answer", "message"}, 1},
		{"message too long to be copied", 3, 0, true, copyLimit + 1, [2]string{"answer", "message"}, 1},
		{"largest small room", piggybackMembers, 0, true, 20, [2]string{"answer", "message"}, 1},
		{"large room", piggybackMembers + 1, 0, true, 20, [2]string{"answer", "message"}, 2},
		{"large room, few replies", 5 * piggybackShare, 3, true, 20, [2]string{"answer", "message"}, 2},
		{"large room, many replies", 5 * piggybackShare, 4, true, 20, [2]string{"answer", "message"}, 1},
		{"published afterwards", 3, 0, false, 20, [2]string{"answer", "message"}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := tt.run(t)
			for range 3 { // on a busy machine the kernel sends some twice (tail loss probes)
				if n == tt.segments {
					return
				}
				n = tt.run(t)
			}
			t.Errorf("%d segments, want %d", n, tt.segments)
		})
	}
}

type piggybackTest struct {
	name      string
	members   int
	replies   int // to others
	published bool
	size      int // of the message
	want      [2]string
	segments  uint32
}

// run returns the number of segments.
func (tt *piggybackTest) run(t *testing.T) uint32 {
	opened := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{PingInterval: -1, OnOpen: func(c *Conn) { c.Subscribe("room"); opened <- c.Handle() }}}})
	var others []Handle
	for range tt.members - 1 {
		raw(t, s, "/", "")
		others = append(others, <-opened)
	}
	conn := raw(t, s, "/", "")
	h, before := <-opened, segments(t, conn)
	b, message := s.Loop(0).NewBatch(), NewBuffer(frame.OpText, fmt.Appendf(nil, "message%*s", tt.size, ""))
	if tt.published {
		b.Publish("room", message)
	}
	for _, o := range others[:tt.replies] {
		b.SendWithNext(o, "room", NewBuffer(frame.OpText, []byte("answer")))
	}
	b.SendWithNext(h, "room", NewBuffer(frame.OpText, []byte("answer ")))
	if !tt.published {
		b.Publish("room", message)
	}
	s.Loop(0).Post(b)
	r := bufio.NewReader(conn)
	for _, want := range tt.want {
		f, err := readFrame(r)
		if err != nil || string(f.Payload[:bytes8(f.Payload)]) != want {
			t.Fatalf("%q, %v; want %q", f.Payload, err, want)
		}
	}
	return segments(t, conn) - before
}

// segments is the number of segments with data that the kernel has received for conn.
func segments(t *testing.T, conn net.Conn) uint32 {
	t.Helper()
	rc, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	if e := rc.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	return info.Data_segs_in
}

//go:build !windows

package netpoll

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// stalledMember is a topic member that does not read. Tests examine its backlog on its loop.
type stalledMember struct {
	net.Conn
	t *testing.T
	s *Server
	h Handle
}

// on calls f with the connection on its loop.
func (m *stalledMember) on(f func(c *Conn) bool) bool {
	answer := make(chan bool)
	l := m.s.Loop(0)
	l.Do(func() {
		c := l.Conn(m.h)
		answer <- c != nil && f(c)
	})
	return <-answer
}

// atBound returns a member that has not read until droppable messages of its room were dropped for it.
func atBound(t *testing.T, secure bool) *stalledMember {
	t.Helper()
	opened := make(chan Handle, 1)
	s := &Server{Loops: 1, Endpoints: []Endpoint{{
		MaxBacklog: 256 << 10, SlowCode: 3008, PingInterval: -1,
		OnOpen: func(c *Conn) {
			_ = unix.SetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<10)
			c.Subscribe("room")
			opened <- c.Handle()
		},
	}}}
	if secure {
		s.TLS = tlsConfig()
	}
	start(t, s)
	m := &stalledMember{Conn: raw(t, s, "/", ""), t: t, s: s, h: <-opened}
	message := NewBuffer(frame.OpText, []byte(strings.Repeat("x", 10_000))).Droppable()
	eventually(t, "messages are dropped", func() bool {
		s.Publish("room", message)
		return m.on(func(c *Conn) bool { return c.has(flagDrops) && c.out.size+message.Len() > 128<<10 })
	})
	return m
}

// rest reads whole messages up to the first control frame.
func (m *stalledMember) rest(r *bufio.Reader) ws.Frame {
	m.t.Helper()
	for n := 0; ; n++ {
		f, err := readFrame(r)
		if err != nil {
			m.t.Fatalf("after %d messages: %v", n, err)
		}
		if f.Header.OpCode.IsControl() {
			return f
		}
		if len(f.Payload) != 10_000 {
			m.t.Fatal("a frame was cut")
		}
	}
}

// TestControlFramesAreSentBeyondMaxBacklog: a member with a backlog for which messages are dropped still gets the
// answer to its ping, the answer to its close frame, and our close frame.
func TestControlFramesAreSentBeyondMaxBacklog(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("pong, TLS %v", secure), func(t *testing.T) {
			m := atBound(t, secure)
			for _, p := range []string{"first", "latest"} {
				_, _ = m.Write(masked(frame.OpPing, []byte(p)))
			}
			// If several pings wait for an answer, the latest one is answered (RFC 6455, 5.5.3).
			eventually(t, "the pings are read", func() bool {
				return m.on(func(c *Conn) bool { return c.aux != nil && string(c.aux.pong) == "latest" })
			})
			m.s.Publish("room", NewBuffer(frame.OpText, make([]byte, 10_000)).Droppable())
			if f := m.rest(bufio.NewReader(m)); f.Header.OpCode != ws.OpPong || string(f.Payload) != "latest" {
				t.Errorf("the ping is answered with %v %.80q", f.Header.OpCode, f.Payload)
			}
		})
		t.Run(fmt.Sprintf("answer to a close frame, TLS %v", secure), func(t *testing.T) {
			m := atBound(t, secure)
			_, _ = m.Write(frame.AppendMaskedFrame(nil, frame.OpClose, []byte("\x03\xe8bye"), [4]byte{1, 2, 3, 4}))
			m.wantClose(1000)
		})
		t.Run(fmt.Sprintf("close frame, TLS %v", secure), func(t *testing.T) {
			m := atBound(t, secure)
			m.on(func(c *Conn) bool { c.Close(3001, "drain"); return true })
			m.wantClose(3001)
		})
	}
}

func (m *stalledMember) wantClose(code uint16) {
	m.t.Helper()
	f := m.rest(bufio.NewReader(m))
	if f.Header.OpCode != ws.OpClose || len(f.Payload) < 2 || binary.BigEndian.Uint16(f.Payload) != code {
		m.t.Errorf("%v %q instead of a close frame with %d", f.Header.OpCode, f.Payload, code)
	}
}

// TestPingIsSentBeyondHalfOfMaxBacklog: replies, which are never dropped, fill the other half of MaxBacklog. The server
// does not read from such a member until the member has read; then it answers the member's ping.
func TestPingIsSentBeyondHalfOfMaxBacklog(t *testing.T) {
	m := atBound(t, false)
	message := []byte(strings.Repeat("x", 10_000))
	m.on(func(c *Conn) bool {
		for c.out.size <= 256<<10 {
			c.Send(frame.OpText, message)
		}
		return true
	})
	eventually(t, "it is not read", func() bool { return m.on(func(c *Conn) bool { return c.has(flagPaused) }) })
	_, _ = m.Write(masked(frame.OpPing, []byte("late")))
	if f := m.rest(bufio.NewReader(m)); f.Header.OpCode != ws.OpPong || string(f.Payload) != "late" {
		t.Errorf("the ping is answered with %v %.80q", f.Header.OpCode, f.Payload)
	}
}

// TestControlFramesBeyondTheBound: one message may be larger than MaxBacklog. Such a backlog does not close a
// connection when the next frame to send is our ping, or a pong.
func TestControlFramesBeyondTheBound(t *testing.T) {
	message := []byte(strings.Repeat("x", 1<<20))
	for _, row := range []struct {
		name     string
		interval time.Duration
		open     bool   // the message is sent at once
		say      []byte // what the client sends
		want     ws.OpCode
	}{
		{"ping", 100 * time.Millisecond, true, nil, ws.OpPing},
		{"pong", -1, false, append(masked(frame.OpText, []byte("more")), masked(frame.OpPing, []byte("here"))...), ws.OpPong},
	} {
		t.Run(row.name, func(t *testing.T) {
			opened := make(chan Handle, 1)
			s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
				MaxBacklog: 64 << 10, SlowCode: 3008, PingInterval: row.interval, PongTimeout: patience,
				OnOpen: func(c *Conn) {
					_ = unix.SetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<10)
					if row.open {
						c.Send(frame.OpText, message)
					}
					opened <- c.Handle()
				},
				OnMessage: func(c *Conn, op frame.Op, _ []byte) { c.Send(op, message) },
			}}})
			m := &stalledMember{Conn: raw(t, s, "/", ""), t: t, s: s, h: <-opened}
			_, _ = m.Write(row.say)
			eventually(t, "too much is owed and the ping was due", func() bool {
				return m.on(func(c *Conn) bool {
					return c.phase != phaseOpen || c.out != nil && (row.interval < 0 || c.has(flagPinged))
				})
			})
			r := bufio.NewReader(m)
			if f, err := readFrame(r); err != nil || len(f.Payload) != len(message) {
				t.Fatalf("the message: %d bytes, %v", len(f.Payload), err)
			}
			if f, err := readFrame(r); err != nil || f.Header.OpCode != row.want {
				t.Errorf("%v %q, %v, instead of %v", f.Header.OpCode, f.Payload, err, row.want)
			}
		})
	}
}

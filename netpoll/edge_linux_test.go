package netpoll

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// TestEdge: the poller reports arriving bytes once, and yet nothing is left in the socket, wherever a read stops.
func TestEdge(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 700)
	send := func(t *testing.T, c net.Conn, p []byte) {
		t.Helper()
		if _, err := c.Write(masked(frame.OpText, p)); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name  string
		send  func(t *testing.T, c net.Conn)
		want  int // messages
		ends  bool
		plain bool // has no meaning over TLS
	}{
		{"more than a buffer", func(t *testing.T, c net.Conn) {
			for range 20 {
				send(t, c, long)
			}
		}, 20, false, false},
		{"a buffer exactly", func(t *testing.T, c net.Conn) { send(t, c, bytes.Repeat([]byte("x"), 1000-8)) }, 1, false, true},
		{"a message and the end", func(t *testing.T, c net.Conn) {
			send(t, c, long)
			if t, ok := c.(*tls.Conn); ok {
				c = t.NetConn() // without an alert, which would be in the same read
			}
			if err := c.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}, 1, true, false},
		{"urgent data between two messages", func(t *testing.T, c net.Conn) {
			send(t, c, long)
			urge(t, c.(*net.TCPConn))
			send(t, c, long)
		}, 2, false, true},
	} {
		for _, cfg := range []*tls.Config{nil, tlsConfig()} {
			name := row.name
			if cfg != nil {
				if row.plain {
					continue
				}
				name += ", TLS"
			}
			t.Run(name, func(t *testing.T) {
				ended := make(chan string, 1)
				e := echo()
				e.OnClose = func(_ *Conn, e CloseEvent) { ended <- e.Reason }
				s := start(t, &Server{Loops: 1, TLS: cfg, Endpoints: []Endpoint{e}})
				c := raw(t, s, "/", "")
				release := held(s)
				s.engine.loops[0].readBuf = s.engine.loops[0].readBuf[:1000]
				row.send(t, c)
				release()
				for i := range row.want {
					if _, err := readFrame(c); err != nil {
						t.Fatalf("message %d of %d: %v", i+1, row.want, err)
					}
				}
				if row.ends {
					if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
						t.Fatal("the server does not end: ", err)
					}
					<-ended
				}
			})
		}
	}
}

// urge sends a byte of urgent data.
func urge(t *testing.T, c *net.TCPConn) {
	t.Helper()
	rc, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := rc.Control(func(fd uintptr) { err = unix.Sendto(int(fd), []byte{'!'}, unix.MSG_OOB, nil) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

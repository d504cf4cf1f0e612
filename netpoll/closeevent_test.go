//go:build !windows

package netpoll

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// TestCloseEventTellsCause ends connections in each of the ways and checks the code, which side ended it, and the
// error.
func TestCloseEventTellsCause(t *testing.T) {
	var violation *frame.Error
	for name, tt := range map[string]struct {
		end    func(s *Server, c net.Conn)
		code   frame.CloseCode
		remote bool
		err    error // nil, what errors.Is finds, or violation
	}{
		"closed here":    {end: func(_ *Server, c net.Conn) { _, _ = c.Write(masked(frame.OpText, []byte("close"))) }, code: 4001},
		"close frame":    {end: func(_ *Server, c net.Conn) { _, _ = c.Write(masked(frame.OpClose, []byte("\x0f\xa2bye"))) }, code: 4002, remote: true},
		"FIN":            {end: func(_ *Server, c net.Conn) { _ = c.Close() }, code: 1006, remote: true, err: ErrNoCloseFrame},
		"reset":          {end: func(_ *Server, c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() }, code: 1006, remote: true, err: syscall.ECONNRESET},
		"violation":      {end: func(_ *Server, c net.Conn) { _, _ = c.Write([]byte{0x81, 0x01, 'x'}) }, code: 1002, err: violation},
		"panic":          {end: func(_ *Server, c net.Conn) { _, _ = c.Write(masked(frame.OpText, []byte("panic"))) }, code: 1011, err: ErrPanic},
		"controls":       {end: func(_ *Server, c net.Conn) { _, _ = c.Write(bytes.Repeat(masked(frame.OpPong, nil), 200)) }, code: 1008, err: ErrControls},
		"half a message": {end: func(_ *Server, c net.Conn) { _, _ = c.Write(masked(frame.OpText, []byte("half"))[:5]) }, code: 1008, err: ErrMessageTimeout},
		"no pong":        {end: func(*Server, net.Conn) {}, code: 1008, err: ErrNoPong},
		"too slow":       {end: func(_ *Server, c net.Conn) { _, _ = c.Write(masked(frame.OpText, []byte("flood"))) }, code: 1008, err: ErrSlow},
		"server closed":  {end: func(s *Server, _ net.Conn) { _ = s.Close() }, code: 1006, err: ErrServerClosed},
	} {
		t.Run(name, func(t *testing.T) {
			closed := make(chan CloseEvent, 1)
			e := Endpoint{PingInterval: -1, MaxBacklog: 1 << 20, OnMessage: endAsTold, OnClose: func(_ *Conn, e CloseEvent) { closed <- e }}
			if name == "no pong" {
				e.PingInterval, e.PongTimeout = 20*time.Millisecond, 20*time.Millisecond
			}
			s := start(t, &Server{Loops: 1, MessageTimeout: 50 * time.Millisecond, MaxControls: 100, OnError: func(error) {}, Endpoints: []Endpoint{e}})
			tt.end(s, raw(t, s, "/", ""))
			got := receive(t, closed, "OnClose")
			if got.Code != tt.code || got.Remote != tt.remote {
				t.Errorf("%+v, want code %d, remote %v", got, tt.code, tt.remote)
			}
			switch {
			case name == "violation":
				if !errors.As(got.Err, &violation) {
					t.Errorf("cause %v, want a *frame.Error", got.Err)
				}
			case tt.err == nil && got.Err != nil || !errors.Is(got.Err, tt.err):
				t.Errorf("cause %v, want %v", got.Err, tt.err)
			}
			if got.Code == frame.CloseAbnormal && got.Reason != got.Err.Error() {
				t.Errorf("reason %q, cause %v", got.Reason, got.Err)
			}
		})
	}
}

// endAsTold ends c as the message says.
func endAsTold(c *Conn, _ frame.Op, p []byte) {
	switch string(p) {
	case "close":
		c.Close(4001, "end")
	case "panic":
		panic("told to")
	case "flood":
		for range 100 {
			c.Send(frame.OpText, []byte(strings.Repeat("x", 1<<17)))
		}
	}
}

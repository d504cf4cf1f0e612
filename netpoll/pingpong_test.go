//go:build !windows

package netpoll

import (
	"fmt"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

// TestPingAndPongCallbacks: OnPing is called before the pong is queued, OnPong for the answer to a ping of the application.
func TestPingAndPongCallbacks(t *testing.T) {
	pongs := make(chan string, 3)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		PingInterval: -1,
		OnOpen:       func(c *Conn) { c.Ping([]byte("from the server")); c.Ping(make([]byte, 200)) },
		OnPing:       func(c *Conn, p []byte) { c.Send(frame.OpText, fmt.Appendf(nil, "ping %s", p)) },
		OnPong:       func(_ *Conn, p []byte) { pongs <- string(p) },
	}}})
	c := raw(t, s, "/", "")
	for _, want := range []string{"from the server", string(make([]byte, 125))} {
		f, err := readFrame(c)
		if err != nil || f.Header.OpCode != ws.OpPing || string(f.Payload) != want {
			t.Fatalf("%v %q, %v; want a ping with %q", f.Header, f.Payload, err, want)
		}
	}
	_, _ = c.Write(masked(frame.OpPong, []byte("from the server")))
	if got := receive(t, pongs, "OnPong"); got != "from the server" {
		t.Errorf("OnPong got %q", got)
	}
	_, _ = c.Write(masked(frame.OpPing, []byte("hello")))
	for _, want := range []struct {
		op   ws.OpCode
		text string
	}{{ws.OpText, "ping hello"}, {ws.OpPong, "hello"}} {
		if f, err := readFrame(c); err != nil || f.Header.OpCode != want.op || string(f.Payload) != want.text {
			t.Errorf("%v %q, %v; want %+v", f.Header, f.Payload, err, want)
		}
	}
}

// TestNoPongAfterCloseInOnPing: nothing follows the close frame (RFC 6455, 5.5.1).
func TestNoPongAfterCloseInOnPing(t *testing.T) {
	s := start(t, &Server{Loops: 1, CloseTimeout: 50 * time.Millisecond, Endpoints: []Endpoint{{
		PingInterval: -1, OnPing: func(c *Conn, _ []byte) { c.Close(4000, ""); c.Ping(nil) },
	}}})
	c := raw(t, s, "/", "")
	_, _ = c.Write(masked(frame.OpPing, []byte("hello")))
	if f, err := readFrame(c); err != nil || f.Header.OpCode != ws.OpClose {
		t.Errorf("%v, %v; want the close frame", f.Header, err)
	}
	if f, err := readFrame(c); err == nil {
		t.Errorf("%v behind the close frame", f.Header)
	}
}

// TestCompressLevel: a higher level takes fewer bytes, and another one than 1 to 9 is refused.
func TestCompressLevel(t *testing.T) {
	message := make([]byte, 0, 40_000)
	for i := range 4000 {
		message = fmt.Appendf(message, "line %d of %d;", i*i%97, i%13)
	}
	sizes := map[int]int{}
	for _, level := range []int{0, 1, 9} {
		s := start(t, &Server{Loops: 1, CompressLevel: level, Endpoints: []Endpoint{{
			Compression: true, OnOpen: func(c *Conn) { c.SendBuffer(NewBuffer(frame.OpText, message)) },
		}}})
		f, err := readFrame(raw(t, s, "/", offerDeflate))
		if err != nil || !f.Header.Rsv1() {
			t.Fatal(f.Header, err)
		}
		sizes[level] = len(f.Payload)
	}
	if sizes[0] != sizes[1] || sizes[9] >= sizes[1] {
		t.Errorf("bytes by level: %v", sizes)
	}
	for _, level := range []int{-1, 10} {
		s := &Server{Addr: "127.0.0.1:0", CompressLevel: level}
		if err := s.Listen(); err == nil {
			_ = s.Close()
			t.Errorf("level %d is taken", level)
		}
	}
}

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/throngd/throng/benchmarks/internal/wire"
	"github.com/throngd/throng/frame"
)

// roomServer sends every message to all members. Tamper, if set, returns the bytes that a member
// gets instead of frame number n.
type roomServer struct {
	mu      sync.Mutex
	members []net.Conn
	sent    []int
	tamper  func(member, n int, f []byte) []byte
	answer  func(c net.Conn, p []byte) []byte // what to broadcast for p; nil is p itself
	gone    bool                              // members may leave
	joined  int
	pings   time.Duration
}

// answers returns the address of a server that sends the same text to every client.
func answers(t *testing.T, text string) netip.AddrPort {
	return accepting(t, func(c net.Conn) { c.Write([]byte(text)) })
}

// accepting returns the address of a server that calls serve for each connection.
func accepting(t *testing.T, serve func(net.Conn)) netip.AddrPort {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			go serve(c)
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}

func (s *roomServer) listen(t *testing.T) netip.AddrPort { return accepting(t, s.serve) }

func (s *roomServer) serve(c net.Conn) {
	if !s.join(c) {
		return
	}
	if s.pings > 0 {
		go func() {
			for range time.Tick(s.pings) {
				if _, err := c.Write(frame.AppendFrame(nil, frame.OpPing, nil)); err != nil {
					return
				}
			}
		}()
	}
	for {
		f, err := ws.ReadFrame(c)
		if err != nil {
			s.leave(c)
			return
		}
		p := ws.UnmaskFrameInPlace(f).Payload
		if f.Header.OpCode != ws.OpText {
			continue
		}
		if s.answer != nil {
			s.mu.Lock()
			p = s.answer(c, p)
			s.mu.Unlock()
		}
		if p != nil {
			s.broadcast(frame.AppendFrame(nil, frame.OpText, p))
		}
	}
}

// join makes c a member before it has the response.
func (s *roomServer) join(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := ws.Upgrade(c); err != nil {
		return false
	}
	s.members, s.sent = append(s.members, c), append(s.sent, 0)
	s.joined++
	return true
}

func (s *roomServer) leave(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.members, c); s.gone && i >= 0 {
		s.members, s.sent = slices.Delete(s.members, i, i+1), slices.Delete(s.sent, i, i+1)
		c.Close()
	}
}

func (s *roomServer) broadcast(f []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.members {
		out := f
		if s.tamper != nil {
			out = s.tamper(i, s.sent[i], bytes.Clone(f))
		}
		s.sent[i]++
		if out == nil {
			c.Close()
			continue
		}
		c.Write(out)
	}
}

func testOptions(addr netip.AddrPort) options {
	p, _ := wire.NewProtocol("rooms", "")
	return options{addr: addr, protocol: p, seconds: 200 * time.Millisecond, warmup: 20 * time.Millisecond, pid: os.Getpid(),
		size: 40, rooms: 1, members: 7, inflight: 3, conns: 1, pipeline: 4, steps: []int{2, 4}, slope: 2}
}

func TestFanoutRun(t *testing.T) {
	r, err := fanout(testOptions(new(roomServer).listen(t)))
	if err != nil || r.Fault != "" {
		t.Fatal(err, r.Fault)
	}
	if r.Messages < 10 || r.Deliveries < 7*(r.Messages-3) || r.Deliveries > 7*(r.Messages+3) || r.P99 < r.P50 || r.P50 <= 0 {
		t.Errorf("%+v", r)
	}
}

// The server sends replies, joins, heartbeats and pushes with more than the data.
func TestFanoutOverCentrifugeProtocol(t *testing.T) {
	text := func(c net.Conn, s string) { c.Write(frame.AppendFrame(nil, frame.OpText, []byte(s))) }
	answer := func(c net.Conn, p []byte) []byte {
		if bytes.HasPrefix(p, []byte(`{"id":1,"connect":`)) {
			text(c, `{"id":1,"connect":{"client":"x","ping":25,"pong":true}}`)
			text(c, "{}")
			text(c, `{"push":{"channel":"room0","join":{"info":{"client":"x"}}}}`+"\n"+`{"id":2,"subscribe":{"epoch":"e"}}`)
			return nil
		}
		at := wire.FindBody(p, -1)
		if at < 0 {
			return nil
		}
		text(c, `{"id":3,"publish":{"offset":1}}`)
		return []byte(`{"push":{"channel":"room0","pub":{"data":"` + string(p[at:at+40]) + `","offset":7}}}`)
	}
	o := testOptions((&roomServer{answer: answer}).listen(t))
	o.protocol, _ = wire.NewProtocol("centrifuge", "")
	r, err := fanout(o)
	if err != nil || r.Messages < 10 {
		t.Errorf("%+v, %v", r, err)
	}
	refuse := func(c net.Conn, p []byte) []byte {
		return []byte(`{"id":3,"error":{"code":111,"message":"too many requests"}}`)
	}
	o.addr = (&roomServer{answer: refuse}).listen(t)
	if r, err := fanout(o); err == nil || !strings.Contains(err.Error(), "too many requests") {
		t.Errorf("%+v, %v", r, err)
	}
}

// A ping of the Centrifuge protocol is answered wherever it stands in a frame with pushes.
func TestPingAmongMessages(t *testing.T) {
	const join = `{"push":{"channel":"room0","join":{"info":{"client":"x"}}}}`
	for _, at := range []string{"{}\n%s", join + "\n{}\n%s", "%s\n{}"} {
		var pings, pongs atomic.Int64
		answer := func(c net.Conn, p []byte) []byte {
			if bytes.Contains(p, []byte(`"subscribe":`)) {
				c.Write(frame.AppendFrame(nil, frame.OpText, []byte(`{"id":2,"subscribe":{}}`+"\n"+join)))
				return nil
			}
			body := wire.FindBody(p, -1)
			if body < 0 {
				pongs.Add(1)
				return nil
			}
			pings.Add(1)
			return fmt.Appendf(nil, at, `{"push":{"pub":{"data":"`+string(p[body:body+40])+`"}}}`)
		}
		o := testOptions((&roomServer{answer: answer}).listen(t))
		o.protocol, _ = wire.NewProtocol("centrifuge", "")
		o.members, o.inflight = 1, 1
		if _, err := fanout(o); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		if pings.Load() == 0 || pongs.Load() < pings.Load()-1 {
			t.Errorf("%s: %d pings, %d pongs", at, pings.Load(), pongs.Load())
		}
	}
}

func TestEchoRun(t *testing.T) {
	r, err := echo(testOptions(new(roomServer).listen(t))) // a room of one
	if err != nil || r.Deliveries < 10 || r.Deliveries != r.Messages {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestIdleReadsMemory(t *testing.T) {
	other := exec.Command("sleep", "60") // its memory stays as it is
	if err := other.Start(); err != nil {
		t.Skip(err)
	}
	defer other.Wait()
	defer other.Process.Kill()
	o := testOptions(new(roomServer).listen(t))
	o.pid = other.Process.Pid
	r, err := idle(o)
	if err != nil || len(r.Memory) != 2 || r.Memory[1].Connections != 4 || r.Memory[0].Rss == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A run in which one member's messages are lost, repeated or changed has no figure.
func TestBrokenDeliveriesHaveNoFigure(t *testing.T) {
	tests := map[string]struct {
		tamper func(f []byte) []byte
		want   string
	}{
		"lost":      {func(f []byte) []byte { return []byte{} }, ""},
		"twice":     {func(f []byte) []byte { return append(f, f...) }, "instead of"},
		"closed":    {func([]byte) []byte { return nil }, "the server closed a connection"}, // by FIN, or by RST where something was unread
		"close":     {func([]byte) []byte { return frame.AppendClose(nil, 1008, "no") }, "no"},
		"invented":  {func(f []byte) []byte { return frame.AppendFrame(f, frame.OpText, wire.Body(40)) }, "instead of"},
		"truncated": {func(f []byte) []byte { return f[:len(f)-1] }, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &roomServer{tamper: func(member, n int, f []byte) []byte {
				if member == 4 && n == 20 {
					return tt.tamper(f)
				}
				return f
			}}
			r, err := fanout(testOptions(s.listen(t)))
			if err == nil || !regexp.MustCompile(tt.want).MatchString(err.Error()) {
				t.Errorf("%+v, %v; want an error with %q", r, err, tt.want)
			}
		})
	}
}

// Pings are answered: a benchmark may be longer than the ping interval.
func TestWebSocketPingsAreAnswered(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pongs := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		ws.Upgrade(c)
		c.Write(frame.AppendFrame(nil, frame.OpPing, []byte("are you there")))
		f, _ := ws.ReadFrame(c)
		pongs <- string(ws.UnmaskFrameInPlace(f).Payload)
		io.Copy(io.Discard, c)
	}()
	o := testOptions(netip.MustParseAddrPort(l.Addr().String()))
	o.steps = []int{1}
	go idle(o)
	select {
	case got := <-pongs:
		if got != "are you there" {
			t.Errorf("pong %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("no pong")
	}
}

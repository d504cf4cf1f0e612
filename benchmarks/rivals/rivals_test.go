package rivals

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/benchmarks/internal/wire"
)

// programs has the protocol of each rival.
var programs = map[string]string{
	"gorilla": "rooms", "gws": "rooms", "nbio": "rooms", "gobwas": "rooms", "coder": "rooms", "gnet": "rooms",
	"centrifuge": "centrifuge",
}

// bin is the directory in which TestMain builds the rivals, the bare echo and throng.
var bin string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "rivals-"); err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(bin)
	for _, what := range [][2]string{{".", "./..."}, {"../echo", "."}, {"../..", "./cmd/throng"}} {
		cmd := exec.Command("go", "build", "-o", bin+"/", what[1])
		cmd.Dir = what[0]
		if said, err := cmd.CombinedOutput(); err != nil {
			log.Printf("%s: %v\n%s", what[1], err, said)
			return 1
		}
	}
	return m.Run()
}

func TestRivalsDeliverInOrder(t *testing.T) {
	for name, protocol := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := wire.NewProtocol(protocol, "")
			if err != nil {
				t.Fatal(err)
			}
			s := &server{t: t, addr: start(t, filepath.Join(bin, name)), protocol: p}
			s.testRooms()
			if protocol == "rooms" {
				s.testEcho()
			}
		})
	}
}

// TestMissingCentrifugoIsReported: without centrifugo in the PATH the program fails and says so.
func TestMissingCentrifugoIsReported(t *testing.T) {
	cmd := exec.Command(filepath.Join(bin, "centrifugo"), "-listen", "127.0.0.1:0")
	cmd.Env = []string{"PATH=/nowhere"}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not in the PATH") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestUsedPortIsReported: every rival reports that its port is in use, and ends.
func TestUsedPortIsReported(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name := range programs {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		out, err := exec.CommandContext(ctx, filepath.Join(bin, name), "-listen", l.Addr().String()).CombinedOutput()
		if cancel(); err == nil || !bytes.Contains(out, []byte("in use")) {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// start runs the program with the flags until the test ends, and returns its address.
func start(t *testing.T, program string, flags ...string) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	var said bytes.Buffer
	cmd := exec.Command(program, append(flags, "-listen", addr)...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s said: %s", program, &said)
		}
	})
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp4", addr); err == nil {
			c.Close()
			return addr
		}
	}
	t.Fatalf("%s does not listen", program)
	return ""
}

type server struct {
	t        *testing.T
	addr     string
	protocol wire.Protocol
	hellos   uint32 // sent so far
}

// greeting is the smallest number of the messages with which a member checks that it has joined (see present).
const greeting = 1 << 20

// client is one connection.
type client struct {
	*server
	conn net.Conn
	in   *bufio.Reader
	room string
	rest []byte // of a payload with several messages
}

func (s *server) dial(target string) *client {
	s.t.Helper()
	c, r, _, err := ws.Dial(s.t.Context(), "ws://"+s.addr+target)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	if r == nil {
		r = bufio.NewReader(c)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{server: s, conn: c, in: r}
}

func (s *server) join(room string) *client {
	c := s.dial(s.protocol.Target(room))
	c.room = room
	hello := s.protocol.Hello(room)
	if hello == nil {
		c.present()
	} else {
		c.write(wire.Masked(wire.OpText, hello))
		for ok := false; !ok; {
			var err error
			if ok, err = s.protocol.Joined(c.read().Payload); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return c
}

// present waits until c is in its room, for protocols in which the URL names the room: the server may send the 101 before
// the join. A client that receives its own message is in the room.
func (c *client) present() {
	c.server.hellos++
	n := greeting + c.server.hellos
	c.say(n)
	for c.next() != n {
	}
}

func (c *client) write(frames []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(frames); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) read() ws.Frame {
	c.t.Helper()
	f, err := ws.ReadFrame(c.in)
	if err != nil {
		c.t.Fatal(err)
	}
	return f
}

// say publishes the message with that number to the room.
func (c *client) say(n uint32) {
	c.t.Helper()
	m := wire.NewTemplate(c.protocol.Publish(c.room, wire.Body(40)))
	m.Number(n)
	c.write(m.Frame)
}

// hear checks the number of the next message below greeting.
func (c *client) hear(n uint32) {
	c.t.Helper()
	got := c.next()
	for got >= greeting {
		got = c.next()
	}
	if got != n {
		c.t.Fatalf("got message %d instead of %d", got, n)
	}
}

// next returns the number of the next published message. A frame may contain several.
func (c *client) next() uint32 {
	c.t.Helper()
	at := wire.FindBody(c.rest, -1)
	for at < 0 {
		c.rest = c.read().Payload
		if at = wire.FindBody(c.rest, -1); at < 0 {
			if err := c.protocol.Refused(c.rest); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	n := wire.Number(c.rest[at:])
	c.rest = c.rest[at+1:]
	return n
}

func (s *server) testRooms() {
	s.t.Helper()
	a := []*client{s.join("a b"), s.join("a b"), s.join("a b"), s.join("a b")}
	b := s.join("b")
	const many = 100
	for n := range uint32(many) {
		a[1].say(n)
	}
	for n := range uint32(many) {
		for _, c := range a {
			c.hear(n)
		}
	}
	b.say(many + 1) // all messages of the other room have arrived: b must not have received any of them
	b.hear(many + 1)
	a[1].conn.Close()
	for n := range uint32(10) {
		a[0].say(n)
		for _, c := range []*client{a[0], a[2], a[3]} {
			c.hear(n)
		}
	}
}

// testEcho sends messages with a ping among them, byte by byte and all at once.
func (s *server) testEcho() {
	s.t.Helper()
	c := s.dial("/echo")
	frames := bytes.Join([][]byte{
		wire.Masked(wire.OpText, []byte("one")), wire.Masked(wire.OpPing, []byte("?")),
		wire.Masked(wire.OpText, bytes.Repeat([]byte("two "), 1000)), wire.Masked(wire.OpText, []byte("three")),
	}, nil)
	for _, piece := range []int{1, len(frames)} {
		for rest := frames; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
			c.write(rest[:min(piece, len(rest))])
		}
		var got []string
		pongs := 0
		for len(got) < 3 || pongs < 1 {
			if f := c.read(); f.Header.OpCode == ws.OpPong {
				pongs++
			} else {
				got = append(got, string(f.Payload))
			}
		}
		if got[0] != "one" || len(got[1]) != 4000 || got[2] != "three" {
			s.t.Errorf("echo: %.20q", got)
		}
	}
	c.conn.(*net.TCPConn).CloseWrite()
	if _, err := io.Copy(io.Discard, c.in); err != nil {
		s.t.Errorf("after the end: %v", err)
	}
}

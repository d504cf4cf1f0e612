//go:build !windows

package netpoll

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/throngd/throng/frame"
)

// nearby is an endpoint whose connections want to be near those with the same query. It says the number of its loop
// first, and then echoes.
func nearby() Endpoint {
	return Endpoint{
		Accept:    func(r *Request) error { r.SetAffinity(r.Query()); return nil },
		OnOpen:    func(c *Conn) { c.Send(frame.OpText, strconv.AppendInt(nil, int64(c.Loop().Index()), 10)) },
		OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Send(op, p) },
	}
}

// wishing is the request of who wants to be near those with the key.
func wishing(key string) string { return strings.Replace(request, "/", "/?"+key, 1) }

// hurry connects with the key and sends the request and three messages in as many writes as there are cuts, one more.
func hurry(t *testing.T, s *Server, key string, cuts ...int) (c net.Conn, in *bufio.Reader) {
	t.Helper()
	tcp, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tcp.Close() })
	if c = tcp; s.TLS != nil {
		c = tls.Client(tcp, clientTLS(0))
	}
	b := []byte(wishing(key))
	head := len(b)
	for _, text := range []string{"one", "two", "three"} {
		b = append(b, masked(frame.OpText, []byte(text))...)
	}
	at := 0
	for _, cut := range append(cuts, len(b)-head) {
		if _, err := c.Write(b[at : head+cut]); err != nil {
			t.Fatal(err)
		}
		at = head + cut
	}
	return c, bufio.NewReader(c)
}

// loopOf reads the 101, the number of the loop, and the three messages back.
func loopOf(t *testing.T, in *bufio.Reader) string {
	t.Helper()
	if r, err := http.ReadResponse(in, nil); err != nil || r.StatusCode != 101 {
		t.Fatal(r, err)
	}
	got := texts(t, in, 4)
	if fmt.Sprint(got[1:]) != "[one two three]" {
		t.Fatalf("%q", got)
	}
	return got[0]
}

// TestNear: those with the same key are on the same loop, and nothing that came behind the request is lost or changes its
// place on the way there, in whatever pieces and records it comes.
func TestNear(t *testing.T) {
	for name, config := range map[string]*tls.Config{"plain": nil, "TLS": tlsConfig()} {
		t.Run(name, func(t *testing.T) {
			s := start(t, &Server{Loops: 4, TLS: config, Endpoints: []Endpoint{nearby()}})
			used := map[string]bool{}
			for key := range 12 {
				loops := map[string]bool{}
				for _, cuts := range [][]int{nil, {0}, {-1}, {4}, {0, 9, 12}, {-100, -2, 11}} {
					_, in := hurry(t, s, strconv.Itoa(key), cuts...)
					loops[loopOf(t, in)] = true
				}
				if len(loops) != 1 {
					t.Errorf("key %d is on loops %v", key, loops)
				}
				for l := range loops {
					used[l] = true
				}
			}
			if len(used) < 2 {
				t.Errorf("all keys are on loops %v", used)
			}
			if n := total(s); n != 72 || s.NumConns() != 72 {
				t.Errorf("the loops hold %d of %d connections", n, s.NumConns())
			}
		})
	}
}

// total is the number of connections that the loops believe to hold.
func total(s *Server) (n int64) {
	for _, l := range s.engine.loops {
		n += l.held.Load()
	}
	return n
}

// TestNearSpreads has one key for all: it still uses every loop.
func TestNearSpreads(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{nearby()}})
	const all = 1200
	n := map[string]int{}
	for range all {
		_, in := hurry(t, s, "one")
		n[loopOf(t, in)]++
	}
	// Half of it, an eighth of that and 64 more; and whom the kernel gives to the one that is full, it keeps.
	if most := all * 2 / 3; n["0"] > most || n["1"] > most || max(n["0"], n["1"]) < all/2+50 {
		t.Errorf("the loops have %v", n)
	}
}

// halfway is a connection whose request was accepted by the first of two loops, which gave it to the second. Neither runs.
func halfway(t *testing.T) (s *Server, c *Conn) {
	t.Helper()
	s, c, _ = halfwayWith(t)
	return s, c
}

// halfwayWith is halfway, with the other end of the socket.
func halfwayWith(t *testing.T) (s *Server, c *Conn, peer net.Conn) {
	t.Helper()
	e := nearby()
	e.OnOpen = func(*Conn) { t.Error("it was opened") }
	s = &Server{Addr: "127.0.0.1:0", Loops: 2, Endpoints: []Endpoint{e}}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	for _, l := range s.engine.loops {
		l.closeListener()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	peer, err = net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	fd := acceptOne(t, listener)
	a, b := s.engine.loops[0], s.engine.loops[1]
	a.assignLoop(fd)
	c = s.engine.slab.slot(fd)
	if !a.migrate(c, b, acceptedRequest{response: []byte("101")}, nil) {
		t.Fatal("it stays")
	}
	if a.ownedConn(fd) != nil || b.ownedConn(fd) != c || a.held.Load() != 0 || b.held.Load() != 1 {
		t.Fatal("it is not the other loop's")
	}
	return s, c, peer
}

// acceptOne is the descriptor of the one who waits.
func acceptOne(t *testing.T, l net.Listener) (fd int) {
	t.Helper()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(listener uintptr) { fd, failed = acceptFD(int(listener)) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return fd
}

// TestNearEnds: the loop that is to have it has ended before it hears of it.
func TestNearEnds(t *testing.T) {
	s, _ := halfway(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s.NumConns() != 0 || total(s) != 0 {
		t.Errorf("%d connections are left", s.NumConns())
	}
}

// TestNearClosed: the server closes all its connections while this one is on its way. The other loop may have done that
// when it was not its own yet.
func TestNearClosed(t *testing.T) {
	for name, end := range map[string]func(s *Server, c *Conn){
		"after it was given":  func(s *Server, c *Conn) { s.engine.loops[1].startLinger(c); s.engine.loops[1].endTurn() },
		"before it was given": func(s *Server, _ *Conn) { s.StopAccepting() },
	} {
		t.Run(name, func(t *testing.T) {
			s, c := halfway(t)
			defer s.Close()
			end(s, c)
			s.engine.loops[1].runBatches()
			s.engine.loops[1].endTurn()
			if c.phase != phaseLinger {
				t.Errorf("phase %d", c.phase)
			}
		})
	}
}

// TestNearLeaving: a server that is about to close all gives nobody away any more, or one could be missed.
func TestNearLeaving(t *testing.T) {
	s := &Server{Addr: "127.0.0.1:0", Loops: 2, Endpoints: []Endpoint{nearby()}}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	given := func() (n int) {
		for key := range 50 {
			if s.engine.loops[0].affinityLoop(strconv.Itoa(key)) != s.engine.loops[0] {
				n++
			}
		}
		return n
	}
	if given() == 0 {
		t.Error("nobody is given away")
	}
	s.StopAccepting()
	if n := given(); n > 0 {
		t.Errorf("%d of 50 are given away", n)
	}
}

// TestNearShutdown closes a server under those who are coming.
func TestNearShutdown(t *testing.T) {
	s := start(t, &Server{Loops: 3, Endpoints: []Endpoint{nearby()}})
	var peers sync.WaitGroup
	for p := range 4 {
		peers.Go(func() {
			for i := 0; ; i++ {
				c, err := net.Dial("tcp", s.address.String())
				if err != nil {
					return // it is closed
				}
				_, _ = io.WriteString(c, wishing(fmt.Sprint(p, ".", i)))
				defer c.Close()
			}
		})
	}
	eventually(t, "somebody is there", func() bool { return s.NumConns() > 100 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	peers.Wait()
	eventually(t, "nobody is left", func() bool { return s.NumConns() == 0 && total(s) == 0 })
}

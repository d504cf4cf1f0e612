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

// nearby is an endpoint whose affinity key is the query of the request. It sends the number of its loop first, and then
// echoes.
func nearby() Endpoint {
	return Endpoint{
		Accept:    func(r *Request) error { r.SetAffinity(r.Query()); return nil },
		OnOpen:    func(c *Conn) { c.Send(frame.OpText, strconv.AppendInt(nil, int64(c.Loop().Index()), 10)) },
		OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Send(op, p) },
	}
}

// requestWithKey is a request with the affinity key.
func requestWithKey(key string) string { return strings.Replace(request, "/", "/?"+key, 1) }

// dialWithKey connects with the key and sends the request and three messages in len(cuts)+1 writes.
func dialWithKey(t *testing.T, s *Server, key string, cuts ...int) (c net.Conn, in *bufio.Reader) {
	t.Helper()
	tcp, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tcp.Close() })
	if c = tcp; s.TLS != nil {
		c = tls.Client(tcp, clientTLS(0))
	}
	b := []byte(requestWithKey(key))
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

// TestAffinityPutsAKeyOnOneLoop: connections with the same key are on the same loop. The bytes behind the request
// arrive there whole and in order, in whatever pieces and records the client sends them.
func TestAffinityPutsAKeyOnOneLoop(t *testing.T) {
	for name, config := range map[string]*tls.Config{"plain": nil, "TLS": tlsConfig()} {
		t.Run(name, func(t *testing.T) {
			s := start(t, &Server{Loops: 4, TLS: config, Endpoints: []Endpoint{nearby()}})
			used := map[string]bool{}
			for key := range 12 {
				loops := map[string]bool{}
				for _, cuts := range [][]int{nil, {0}, {-1}, {4}, {0, 9, 12}, {-100, -2, 11}} {
					_, in := dialWithKey(t, s, strconv.Itoa(key), cuts...)
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

// total is the sum of the loops' connection counts.
func total(s *Server) (n int64) {
	for _, l := range s.engine.loops {
		n += l.held.Load()
	}
	return n
}

// TestAffinityOfAllConnectionsSpreads: connections that all have the same key still use every loop.
func TestAffinityOfAllConnectionsSpreads(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{nearby()}})
	const all = 1200
	n := map[string]int{}
	for range all {
		_, in := dialWithKey(t, s, "one")
		n[loopOf(t, in)]++
	}
	// A loop takes half of all, an eighth of that and 64 more by affinity. It also keeps connections that the kernel
	// gives to it.
	if most := all * 2 / 3; n["0"] > most || n["1"] > most || max(n["0"], n["1"]) < all/2+50 {
		t.Errorf("the loops have %v", n)
	}
}

// migrating returns a connection whose request was accepted by the first of two loops, which has sent it to the second.
// Neither loop runs.
func migrating(t *testing.T) (s *Server, c *Conn, peer net.Conn) {
	t.Helper()
	s, c, peer = beforeMigration(t)
	a, b, fd := s.engine.loops[0], s.engine.loops[1], int(c.fd)
	if !a.migrate(c, b, acceptedRequest{response: []byte("101")}, nil) {
		t.Fatal("it stays")
	}
	if a.ownedConn(fd) != nil || b.ownedConn(fd) != nil || a.held.Load() != 0 || b.held.Load() != 1 {
		t.Fatal("it is not on its way to the other loop")
	}
	return s, c, peer
}

// beforeMigration returns a connection of the first of two loops, which do not run, and the other end of its socket.
func beforeMigration(t *testing.T) (s *Server, c *Conn, peer net.Conn) {
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
	s.engine.loops[0].assignLoop(fd)
	return s, s.engine.slab.slot(fd), peer
}

// acceptOne accepts the connection that waits in the backlog of l and returns its descriptor.
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

// TestMigratedConnectionEndsWithTheServer closes the server while a connection migrates. A connection that was sent to
// a loop before the end of that loop is taken and closed; a closed server takes none.
func TestMigratedConnectionEndsWithTheServer(t *testing.T) {
	s, c, _ := beforeMigration(t)
	s.engine.stop()
	if !s.engine.loops[0].migrate(c, s.engine.loops[1], acceptedRequest{}, nil) || s.NumConns() != 0 || total(s) != 0 {
		t.Errorf("a closed server has %d connections", s.NumConns())
	}
	s, _, _ = migrating(t)
	s.engine.endpoints[0].OnOpen = nil
	s.engine.loops[1].runBatches()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s.NumConns() != 0 || total(s) != 0 {
		t.Errorf("%d connections are left", s.NumConns())
	}
}

// TestMigratedConnectionClosesIfAcceptingHasStopped: the server closes all its connections while one migrates. The new
// loop may have closed its own before this one arrives.
func TestMigratedConnectionClosesIfAcceptingHasStopped(t *testing.T) {
	s, c, _ := migrating(t)
	defer s.Close()
	s.StopAccepting()
	s.engine.loops[1].runBatches()
	s.engine.loops[1].endTurn()
	if !c.lingering() {
		t.Errorf("it is in phase %s", c.row().name)
	}
}

// TestNoMigrationOnceAcceptingHasStopped: a server that is about to close all its connections migrates none any more,
// because one between two loops could be missed.
func TestNoMigrationOnceAcceptingHasStopped(t *testing.T) {
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

// TestCloseDuringMigrations closes a server to which connections with keys are being opened.
func TestCloseDuringMigrations(t *testing.T) {
	s := start(t, &Server{Loops: 3, Endpoints: []Endpoint{nearby()}})
	var peers sync.WaitGroup
	for p := range 4 {
		peers.Go(func() {
			for i := 0; ; i++ {
				c, err := net.Dial("tcp", s.address.String())
				if err != nil {
					return // it is closed
				}
				_, _ = io.WriteString(c, requestWithKey(fmt.Sprint(p, ".", i)))
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

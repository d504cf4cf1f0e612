//go:build !windows

package netpoll

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// silent opens n connections that send says and nothing more.
func silent(t testing.TB, s *Server, n int, says string) (conns []net.Conn) {
	t.Helper()
	for range n {
		c, err := net.Dial("tcp", s.address.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, says)
		conns = append(conns, c)
	}
	return conns
}

// enter opens a WebSocket and has a message echoed.
func enter(t testing.TB, s *Server, preamble string) (c net.Conn, err error) {
	tcp, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tcp.Close() })
	_ = tcp.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(tcp, preamble)
	if c = tcp; s.TLS != nil {
		c = tls.Client(tcp, clientTLS(0))
	}
	return c, echoed(c, request)
}

// echoed sends a message and reads its echo, with before in front of it.
func echoed(c net.Conn, before string) error {
	if _, err := c.Write(append([]byte(before), masked(1, []byte("here"))...)); err != nil {
		return err
	}
	if before != "" {
		if err := switched(c); err != nil {
			return err
		}
	}
	f, err := readFrame(c)
	if err == nil && string(f.Payload) != "here" {
		err = fmt.Errorf("echo %q", f.Payload)
	}
	return err
}

// switched reads a 101.
func switched(c net.Conn) error {
	var head []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, one...) {
		if _, err := io.ReadFull(c, one); err != nil {
			return fmt.Errorf("%w after %q", err, head)
		}
	}
	if !strings.HasPrefix(string(head), switching) {
		return fmt.Errorf("%q", head)
	}
	return nil
}

// TestSilentConnectionsAreDisplaced opens many more connections than MaxConns that send nothing, or half of their first
// request, and goes on opening them. A client that sends a whole request is accepted and stays.
func TestSilentConnectionsAreDisplaced(t *testing.T) {
	const places, honest = 60, 40
	hello := string(clientHello())
	for _, c := range []struct {
		name   string
		server *Server
		says   string
		first  string // of honest clients
	}{
		{name: "silent", server: &Server{}},
		{name: "half a request", server: &Server{}, says: "GET / HTTP/1.1\r\nHost: x\r\nX: "},
		{name: "request with a body that does not come", server: &Server{}, says: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"},
		{name: "nothing over TLS", server: &Server{TLS: tlsConfig()}},
		{name: "a byte over TLS", server: &Server{TLS: tlsConfig()}, says: "\x16"},
		{name: "half a ClientHello", server: &Server{TLS: tlsConfig(), MaxTLSHandshakes: 4}, says: hello[:len(hello)-1]},
		{name: "half a PROXY header", server: &Server{ProxyProtocol: true}, says: "PROXY TCP4 9.8.", first: "PROXY UNKNOWN\r\n"},
		{name: "PROXY header alone", server: &Server{ProxyProtocol: true, TLS: tlsConfig()}, says: "PROXY UNKNOWN\r\n", first: "PROXY UNKNOWN\r\n"},
		{name: "one listener", server: &Server{Listener: listener(t)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.server
			s.Loops, s.MaxConns, s.Endpoints = 2, places, []Endpoint{echo()}
			s.HeaderTimeout, s.HelloTimeout = time.Hour, time.Hour // no connection times out
			start(t, s)
			silent(t, s, 4*places, c.says)
			var in []net.Conn
			for i := range honest {
				conn, err := enter(t, s, c.first)
				if err != nil {
					t.Fatalf("client %d: %v, %+v", i, err, s.Refusals())
				}
				in = append(in, conn)
				silent(t, s, 4, c.says)
			}
			for i, conn := range in {
				if err := echoed(conn, ""); err != nil {
					t.Errorf("client %d lost its place: %v", i, err)
				}
			}
			if r := s.Refusals(); r.Displaced < 3*places || r.Full > 0 || s.NumConns() > places+maxIncoming {
				t.Errorf("%+v, %d connections", r, s.NumConns())
			}
		})
	}
}

func listener(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// TestLongestWaitingIsDisplacedFirst: the connection that has waited longest is displaced, unless its request has come
// and has not been read yet.
func TestLongestWaitingIsDisplacedFirst(t *testing.T) {
	s := start(t, &Server{Loops: 1, MaxConns: 4, Endpoints: []Endpoint{echo()}})
	var conns []net.Conn
	for i := range 4 {
		conns = append(conns, silent(t, s, 1, "GET / HTTP/1.1\r\nHo")...)
		eventually(t, "it is there", func() bool { return s.NumConns() == i+1 })
	}
	release := held(s)
	_, _ = io.WriteString(conns[0], "st: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	silent(t, s, 2, "")
	release()
	for i, want := range []string{"HTTP/1.1 101 ", "HTTP/1.1 503 ", "HTTP/1.1 503 ", ""} {
		_ = conns[i].SetDeadline(time.Now().Add(patience))
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conns[i], got); err != nil || string(got) != want {
			t.Errorf("connection %d is answered with %q, %v", i, got, err)
		}
	}
	eventually(t, "two are displaced", func() bool { r := s.Refusals(); return r.Displaced == 2 && r.Full == 0 })
	_, _ = io.WriteString(conns[3], "st: x\r\n\r\n")
	if got, err := io.ReadAll(conns[3]); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 426 ") {
		t.Errorf("the last one is answered with %q, %v", got, err)
	}
}

// TestStalledTLSHandshakesAreDisplaced: a ClientHello is cheap to send, and the rest of the handshake never comes. Such
// a handshake does not keep the place of another one.
func TestStalledTLSHandshakesAreDisplaced(t *testing.T) {
	s := start(t, &Server{Loops: 2, TLS: tlsConfig(), MaxTLSHandshakes: 6, TLSHandshakeTimeout: time.Hour, Endpoints: []Endpoint{echo()}})
	hello := string(clientHello())
	silent(t, s, 40, hello)
	eventually(t, "all places are taken, for long enough", func() bool {
		for _, l := range s.engine.loops {
			oldest := time.Duration(l.waiting[waitTLSHandshake].oldest.Load())
			if l.engine.tlsHandshakes.of(l).inFlight.Load() < 3 || oldest > s.engine.clock()-roundTrip {
				return false
			}
		}
		return true
	})
	for i := range 6 { // each place is free again when its handshake is over
		if _, err := enter(t, s, ""); err != nil {
			t.Fatalf("client %d: %v, %+v", i, err, s.Refusals())
		}
	}
	if r := s.Refusals(); r.Displaced == 0 || r.Displaced > 6 || r.TLSHandshakes < 34 {
		t.Errorf("%+v", r)
	}
	if n := s.Stats().TLSHandshakes; n > 6 {
		t.Errorf("%d handshakes are in flight", n)
	}
}

// TestTLSHandshakeHasARoundTripBeforeDisplacement: a handshake whose answer cannot have come yet is not displaced.
// Otherwise none of many that come at once would succeed.
func TestTLSHandshakeHasARoundTripBeforeDisplacement(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), MaxTLSHandshakes: 2, MaxConns: 2, Endpoints: []Endpoint{echo()}})
	first := silent(t, s, 2, string(clientHello()))
	for _, c := range first { // the server has answered them, so they are in their handshakes
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	since := time.Duration(s.engine.loops[0].waiting[waitTLSHandshake].oldest.Load())
	c := silent(t, s, 1, "")[0]
	_ = c.SetDeadline(time.Now().Add(patience))
	_, err := c.Read(make([]byte, 1))
	if r := s.Refusals(); s.engine.clock()-since < roundTrip && (r.Displaced != 0 || r.Full != 1) {
		t.Errorf("%+v, %v", r, err)
	}
}

// stoppedServer is a server whose loops do not run.
func stoppedServer(t *testing.T, s *Server) *Server {
	t.Helper()
	s.Addr, s.Endpoints = "127.0.0.1:0", []Endpoint{echo()}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// acceptedSocket is the descriptor of a new connection that sends nothing.
func acceptedSocket(t *testing.T) int {
	t.Helper()
	ln := listener(t)
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return acceptOne(t, ln)
}

// TestDisplacementOnAnotherLoop: the connections that have waited longest belong to another loop, so the new ones are
// sent there. If those have ended meanwhile, the new ones are sent on.
func TestDisplacementOnAnotherLoop(t *testing.T) {
	s := stoppedServer(t, &Server{Loops: 3, MaxConns: 9})
	a, b, c := s.engine.loops[0], s.engine.loops[1], s.engine.loops[2]
	for _, l := range []*Loop{a, a, a, a, a, a, b, b, b} {
		l.assignLoop(acceptedSocket(t))
	}
	for range 8 {
		c.assignLoop(acceptedSocket(t))
	}
	if n := s.NumConns(); n != 17 || s.incoming.Load() != 8 || c.held.Load() != 0 {
		t.Errorf("%d connections, %d on their way, %d at the wrong loop", n, s.incoming.Load(), c.held.Load())
	}
	s.engine.slab.each(a, func(c *Conn) { a.freeConn(c) })
	for _, l := range []*Loop{a, b, a, b} {
		l.runBatches()
		l.endTurn()
	}
	if r := s.Refusals(); s.NumConns() > 9 || s.incoming.Load() != 0 || r.Full > 0 || r.Displaced == 0 {
		t.Errorf("%d connections, %d on their way, %+v", s.NumConns(), s.incoming.Load(), r)
	}
}

// TestListenersWaitForConnectionsOnTheirWay: while many connections are on their way to a loop that does not take them,
// no more are accepted.
func TestListenersWaitForConnectionsOnTheirWay(t *testing.T) {
	s := stoppedServer(t, &Server{Loops: 2, MaxConns: 2})
	a, b := s.engine.loops[0], s.engine.loops[1]
	a.assignLoop(acceptedSocket(t))
	a.assignLoop(acceptedSocket(t))
	n := 0
	s.acceptFD = func(int) (int, error) {
		if n++; n > 2*maxIncoming {
			return -1, unix.EAGAIN
		}
		return acceptedSocket(t), nil
	}
	for range 4 {
		b.accept()
	}
	if s.incoming.Load() != maxIncoming || n != maxIncoming || !b.parked {
		t.Errorf("%d on their way, %d were accepted", s.incoming.Load(), n)
	}
}

// TestDescriptorsOnTheirWayAreBounded: descriptors on their way to a loop that does not take them count as connections.
func TestDescriptorsOnTheirWayAreBounded(t *testing.T) {
	s := stoppedServer(t, &Server{Listener: listener(t), Loops: 2, MaxConns: 6})
	for range 40 {
		s.engine.loops[0].assignLoop(acceptedSocket(t))
		s.engine.loops[0].endTurn()
	}
	if n := s.engine.conns.Load() - s.denied.Load(); n > 6 {
		t.Errorf("%d connections", n)
	}
}

// TestWaitlistsAreCompacted: connections that come and end, in any order, leave no entries behind.
func TestWaitlistsAreCompacted(t *testing.T) {
	s := stoppedServer(t, &Server{Loops: 1})
	l := s.engine.loops[0]
	first := acceptedSocket(t)
	l.assignLoop(first)
	for range 1000 {
		fd := acceptedSocket(t)
		l.assignLoop(fd)
		l.freeConn(l.connAt(int32(fd)))
	}
	list := &l.waiting[waitFirst]
	if n := cap(list.entries); n > minWaitlist {
		t.Errorf("room for %d entries of one connection", n)
	}
	l.freeConn(l.connAt(int32(first)))
	if list.oldest.Load() != noneWaiting || len(list.entries) != 0 {
		t.Errorf("the oldest of nobody is %d, %d entries", list.oldest.Load(), len(list.entries))
	}
}

// TestConnectionsAtHTTPCountForMaxConns: a connection counts for MaxConns and MaxConnsPerIP for as long as net/http has
// it.
func TestConnectionsAtHTTPCountForMaxConns(t *testing.T) {
	for _, c := range []struct {
		server  *Server
		headers string
		want    string
	}{
		{server: &Server{MaxConns: 2}, want: " 503 "},
		{server: &Server{MaxConnsPerIP: 2}, want: " 429 "},
		{server: &Server{MaxConnsPerIP: 2, TrustedProxies: loopbackOne}, headers: "X-Forwarded-For: 9.9.9.9\r\n", want: " 429 "},
	} {
		entered, leave := make(chan bool), make(chan bool)
		s := c.server
		s.Loops, s.Endpoints = 1, []Endpoint{echo()}
		s.HTTP = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered <- true; <-leave })
		start(t, s)
		get := "GET / HTTP/1.1\r\nHost: x\r\n" + c.headers + "\r\n"
		there := silent(t, s, 2, get)
		<-entered
		<-entered
		eventually(t, "both are net/http's", func() bool { return s.atHTTP.Load() == 2 && s.NumConns() == 0 })
		third := silent(t, s, 1, cmp.Or(get))[0]
		_ = third.SetDeadline(time.Now().Add(patience))
		if got, err := io.ReadAll(third); err != nil || !strings.Contains(string(got), c.want) {
			t.Errorf("%+v: the third is answered with %q, %v", s.Refusals(), got, err)
		}
		close(leave)
		for _, c := range there {
			_ = c.SetDeadline(time.Now().Add(patience))
			_, _ = io.Copy(io.Discard, c)
		}
		eventually(t, "their places are free", func() bool { return s.atHTTP.Load() == 0 && s.NumConns() == 0 })
		go func() { <-entered }()
		last := silent(t, s, 1, get)[0]
		_ = last.SetDeadline(time.Now().Add(patience))
		if got, err := io.ReadAll(last); err != nil || !strings.Contains(string(got), " 200 ") {
			t.Errorf("afterwards: %q, %v", got, err)
		}
	}
}

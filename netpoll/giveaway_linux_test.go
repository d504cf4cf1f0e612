package netpoll

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// TestReadDoesNotTouchConnectionsThatHaveLeft: connections change their loop, or leave for net/http, in a read that
// would be followed by another read, because a FIN stands behind the request. From then on the slot belongs to another
// loop, so the race detector reports a read that still looks at it.
func TestReadDoesNotTouchConnectionsThatHaveLeft(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s := start(t, &Server{Loops: 4, HTTP: page, Endpoints: []Endpoint{nearby()}})
	var peers sync.WaitGroup
	for p := range 4 {
		peers.Go(func() {
			for i := range 100 {
				request := requestWithKey(strconv.Itoa(p*100 + i))
				if i%3 == 0 {
					request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
				}
				askAndFinish(t, s, request)
			}
		})
	}
	peers.Wait()
	eventually(t, "all are gone", func() bool { return s.NumConns() == 0 && total(s) == 0 })
}

// askAndFinish sends a request with a FIN behind it and reads to the end.
func askAndFinish(t *testing.T, s *Server, request string) {
	c, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, request)
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
}

// TestEventBeforeAMigratedConnectionIsTaken: the poller of the new loop may report the number of a descriptor before the
// loop has taken its connection. Nothing is read then.
func TestEventBeforeAMigratedConnectionIsTaken(t *testing.T) {
	s, c, peer := beforeMigration(t)
	fd := int(c.fd)
	if !s.engine.loops[0].migrate(c, s.engine.loops[1], acceptedRequest{response: []byte("101")}, nil) {
		t.Fatal("it stays")
	}
	defer s.Close()
	s.engine.endpoints[0].OnOpen = nil
	b := s.engine.loops[1]
	_ = peer.SetDeadline(time.Now().Add(patience))
	if _, err := peer.Write(masked(frame.OpText, []byte("hello"))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the frame has arrived", func() bool {
		n, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return n == 1 && err == nil
	})
	b.ready(fd, unix.EPOLLIN, 0)
	b.runBatches() // openMigrated
	b.endTurn()
	if c.phase != phaseOpen {
		t.Fatalf("phase %d", c.phase)
	}
	b.ready(fd, unix.EPOLLIN, 0)
	got := make([]byte, 10)
	if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, frame.AppendFrame([]byte("101"), frame.OpText, []byte("hello"))) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestPanicAfterMigrationSparesTheConnection: a panic closes the connection only while the loop still owns it.
func TestPanicAfterMigrationSparesTheConnection(t *testing.T) {
	s, c, _ := beforeMigration(t)
	defer s.Close()
	h := c.Handle()
	if !s.engine.loops[0].migrate(c, s.engine.loops[1], acceptedRequest{response: []byte("101")}, nil) {
		t.Fatal("it stays")
	}
	func() {
		defer s.engine.loops[0].recoverPanic(h)
		panic("late")
	}()
	if s.Stats().Panics != 1 || s.NumConns() != 1 || c.phase != phaseFree {
		t.Errorf("%d panics, phase %d, flags %b", s.Stats().Panics, c.phase, c.flags)
	}
	s.engine.endpoints[0].OnOpen = nil
}

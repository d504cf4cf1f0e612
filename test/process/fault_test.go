//go:build linux

package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// publishAndAwait publishes text and waits until p, which is in the room, receives it.
func (p *peer) publishAndAwait(room, text string) error {
	_ = p.conn.SetDeadline(time.Now().Add(patience))
	defer p.conn.SetDeadline(time.Time{})
	if err := p.send(fmt.Sprintf(`{"id":7,"publish":{"channel":%q,"data":%q}}`, room, text)); err != nil {
		return err
	}
	_, err := p.await(fmt.Sprintf(`{"push":{"channel":%q,"pub":{"data":%q`, room, text))
	return err
}

// countPresent asks the server for the number of clients in the room.
func (p *peer) countPresent(room string) (n int, err error) {
	_ = p.conn.SetDeadline(time.Now().Add(patience))
	defer p.conn.SetDeadline(time.Time{})
	if err := p.send(fmt.Sprintf(`{"id":8,"presence_stats":{"channel":%q}}`, room)); err != nil {
		return 0, err
	}
	text, err := p.await(`{"id":8,`)
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(text, `"num_clients":`)
	_, err = fmt.Sscan(strings.Split(rest, ",")[0], &n)
	return n, err
}

// limitWithoutFree is a limit at which the server cannot open another descriptor.
func limitWithoutFree(s *server) unix.Rlimit {
	var was unix.Rlimit
	if err := unix.Prlimit(s.pid(), unix.RLIMIT_NOFILE, nil, &was); err != nil {
		s.t.Fatal(err)
	}
	free := uint64(0)
	for {
		if _, err := os.Lstat(fmt.Sprintf("/proc/%d/fd/%d", s.pid(), free)); err != nil {
			return unix.Rlimit{Cur: free, Max: was.Max}
		}
		free++
	}
}

// A server without free descriptors serves its connections. New connections wait or are reset, the log
// reports it at most once a second, and the server accepts again within 5 s after descriptors are free.
func TestServerWithoutDescriptors(t *testing.T) {
	s := start(t, nil)
	p := join(t, s.addr, "lobby")
	before := s.limitFiles(limitWithoutFree(s))
	began := time.Now()
	came := make(chan error, 20)
	var served atomic.Int32
	for range cap(came) {
		go func() {
			q, err := dial(s.addr)
			if err == nil {
				served.Add(1)
				_ = q.conn.Close()
			}
			came <- err
		}()
	}
	for i := range 30 {
		if err := p.publishAndAwait("lobby", fmt.Sprint("still here ", i)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if n := served.Load(); n > 0 {
		t.Fatalf("%d were accepted: there were free descriptors", n)
	}
	short := time.Since(began)
	s.limitFiles(before)
	freed := time.Now()
	for range cap(came) {
		if err := <-came; err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	}
	t.Logf("%d of %d waited and were served, the last %v after there were descriptors again", served.Load(), cap(came), time.Since(freed))
	if time.Since(freed) > 5*time.Second {
		t.Error("accepting resumed too late")
	}
	q := join(t, s.addr, "lobby")
	if err := q.publishAndAwait("lobby", "new here"); err != nil {
		t.Error(err)
	}
	reports := strings.Count(s.output(), "too many open files")
	if limit := int(short.Seconds()) + 2; reports < 1 || reports > limit {
		t.Errorf("the log reports it %d times in %v", reports, short)
	}
}

// The log is on a full disk: every write fails with ENOSPC.
func TestLogOnFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	s := startTo(t, full, nil, "--log-level", "debug")
	p := join(t, s.addr, "lobby")
	before := s.limitFiles(limitWithoutFree(s)) // something to log
	came := make(chan error, 1)
	go func() {
		_, err := dial(s.addr)
		came <- err
	}()
	for i := range 15 {
		if err := p.publishAndAwait("lobby", fmt.Sprint("no log ", i)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.limitFiles(before)
	if err := <-came; err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}

// The server process is stopped for longer than its ping interval and pong timeout. When it continues, it
// must not conclude that its clients were silent.
func TestFrozenServerDropsNoClient(t *testing.T) {
	s := start(t, nil, "--ping-interval", "2s", "--pong-timeout", "1s")
	const people = 50
	lost := make(chan error, people)
	for range people {
		p := join(t, s.addr, "lobby")
		go func() {
			_, err := p.await("until the end")
			lost <- err
		}()
	}
	freezes := []time.Duration{4000, 4300, 4300, 4300} // ms: it goes on at different times between two ticks
	if testing.Short() {
		freezes = freezes[:2]
	}
	for _, freeze := range freezes {
		time.Sleep(time.Second)
		s.signal(syscall.SIGSTOP)
		time.Sleep(freeze * time.Millisecond)
		s.signal(syscall.SIGCONT)
		if err := join(t, s.addr, "awake").publishAndAwait("awake", "yes"); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(4 * time.Second) // a whole ping and pong
	if n, err := join(t, s.addr, "other").countPresent("lobby"); n != people || err != nil {
		t.Errorf("%d of %d are present (%v)", n, people, err)
	}
	select {
	case err := <-lost:
		t.Errorf("a client was disconnected: %v", err)
	default:
	}
}

// A client whose process is stopped, so that only its kernel acknowledges, is closed after two ping
// intervals, and its presence ends.
func TestFrozenClientIsClosed(t *testing.T) {
	const interval = 3 * time.Second
	s := start(t, nil, "--ping-interval", interval.String(), "--pong-timeout", "2s")
	p := join(t, s.addr, "lobby")
	q := join(t, s.addr, "lobby") // answers no ping: nothing reads its socket
	goneWithin(t, p, q, 2*interval)
	if n, err := p.countPresent("lobby"); n != 1 || err != nil {
		t.Errorf("%d are present (%v)", n, err)
	}
}

// goneWithin waits until the room has one client less, and checks that it did not take longer
// than limit (and the tick, and the time of a join).
func goneWithin(t *testing.T, p, frozen *peer, limit time.Duration) {
	t.Helper()
	began := time.Now()
	for n := 2; n == 2; {
		var err error
		if n, err = p.countPresent("lobby"); err != nil {
			t.Fatal(err)
		}
		if time.Since(began) > limit+patience {
			t.Fatal("a client that does not answer is not closed")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if took := time.Since(began); took > limit+1500*time.Millisecond {
		t.Errorf("gone after %v, want %v", took, limit)
	} else {
		t.Logf("gone after %v", took)
	}
	_ = frozen.conn.Close()
}

// All packets to a client are dropped before they reach its socket: no FIN, no reset and no
// acknowledgement, as when a phone loses its network.
func TestClientWithoutNetworkIsClosed(t *testing.T) {
	const interval = 3 * time.Second
	s := start(t, nil, "--ping-interval", interval.String(), "--pong-timeout", "2s")
	p := join(t, s.addr, "lobby")
	q := join(t, s.addr, "lobby")
	go func() { _, _ = q.await("nothing comes") }() // it would answer
	dropPackets(t, q.conn)
	for i := range 3 {
		if err := p.publishAndAwait("lobby", fmt.Sprint("into the void ", i)); err != nil {
			t.Fatal(err)
		}
	}
	goneWithin(t, p, q, 2*interval)
}

// dropPackets attaches a socket filter that drops every packet (socket(7), SO_ATTACH_FILTER).
func dropPackets(t *testing.T, c net.Conn) {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	_ = raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Connections are reset after every byte of a frame. Other connections are not affected, and the
// presence of the reset ones ends at once.
func TestResetInsideFrame(t *testing.T) {
	s := start(t, nil)
	p := join(t, s.addr, "lobby")
	whole := frame.AppendMaskedFrame(nil, frame.OpText, []byte(`{"id":3,"publish":{"channel":"lobby","data":"half"}}`), [4]byte{4, 3, 2, 1})
	files := s.files()
	for n := range len(whole) {
		q := join(t, s.addr, "lobby")
		if _, err := q.conn.Write(whole[:n]); err != nil {
			t.Fatal(err)
		}
		_ = q.conn.(*net.TCPConn).SetLinger(0)
		_ = q.conn.Close()
	}
	eventually(t, "they are gone", func() bool {
		n, err := p.countPresent("lobby")
		if err != nil {
			t.Fatal(err)
		}
		return n == 1 && s.files() == files
	})
	if err := p.publishAndAwait("lobby", "undisturbed"); err != nil {
		t.Error(err)
	}
}

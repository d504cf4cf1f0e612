//go:build !windows

package netpoll

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestDescriptorBeyondTheSlab: the slab is as large as the limit of open files was at Listen. If the limit was raised
// since, accept may return a descriptor beyond the slab: it is answered 503, and no other connection is affected.
func TestDescriptorBeyondTheSlab(t *testing.T) {
	const beyond = 5 * chunkSize
	var high atomic.Bool
	s := &Server{Addr: "127.0.0.1:0", Loops: 1, Tick: 10 * time.Millisecond, Endpoints: []Endpoint{echo()}}
	s.acceptFD = func(listener int) (int, error) {
		fd, err := acceptFD(listener)
		if err != nil || !high.Load() {
			return fd, err
		}
		defer unix.Close(fd)
		return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, beyond)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	s.engine.slab = newSlab(4*chunkSize - 1)
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	defer func() { _ = s.Close(); <-served }()

	before := dial(t, s, "/")
	high.Store(true)
	for range 3 {
		c, err := net.Dial("tcp", s.address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
			t.Fatalf("%+v, %v", r, err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
	}
	high.Store(false)
	after := dial(t, s, "/")
	say(t, after, "let in")
	hear(t, after, "let in")
	say(t, before, "served on")
	hear(t, before, "served on")
	if n := s.NumConns(); n != 2 {
		t.Errorf("%d connections are counted, want 2", n)
	}
}

// TestSlab: a descriptor always has the same slot, different descriptors have different ones, and there is none beyond
// the slab.
func TestSlab(t *testing.T) {
	s := newSlab(2*chunkSize - 1)
	seen := map[*Conn]int{}
	for fd := range 2 * chunkSize {
		c := s.slot(fd)
		if c == nil || c != s.slot(fd) {
			t.Fatalf("descriptor %d: %p, then %p", fd, c, s.slot(fd))
		}
		if other, ok := seen[c]; ok {
			t.Fatalf("descriptors %d and %d share a slot", fd, other)
		}
		seen[c] = fd
	}
	for _, fd := range []int{-1, 2 * chunkSize, 1 << 30} {
		if c := s.slot(fd); c != nil {
			t.Errorf("descriptor %d has a slot", fd)
		}
	}
}

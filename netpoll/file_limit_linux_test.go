package netpoll

import (
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestFileLimit lets accept run out of descriptors: open connections are served on, and a new one is served as soon as
// descriptors are free.
func TestFileLimit(t *testing.T) {
	var errs sync.Map
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}, OnError: func(err error) { errs.Store(err.Error(), true) }})
	c := dial(t, s, "/")
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	probe, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Close(probe)
	waiting, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(waiting)
	addr := s.address.(*net.TCPAddr)
	lowered := old
	lowered.Cur = uint64(probe) // every number below it is taken, so accept meets EMFILE
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lowered); err != nil {
		t.Fatal(err)
	}
	restore := sync.OnceFunc(func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old) })
	defer restore()
	if err := syscall.Connect(waiting, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte(addr.IP.To4())}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the failing accept is reported", func() bool {
		found := false
		errs.Range(func(k, _ any) bool { found = strings.Contains(k.(string), "too many open files"); return !found })
		return found
	})
	say(t, c, "served on")
	hear(t, c, "served on")
	restore()
	_, _ = syscall.Write(waiting, []byte(request))
	b := make([]byte, 12)
	if n, err := syscall.Read(waiting, b); err != nil || string(b[:n]) != "HTTP/1.1 101" {
		t.Errorf("the one that waited got %q, %v", b, err)
	}
}

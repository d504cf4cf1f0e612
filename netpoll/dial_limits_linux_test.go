package netpoll

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func openFiles(t testing.TB) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// TestDialErrors: errors of the kernel are reported, and no descriptor leaks.
func TestDialErrors(t *testing.T) {
	k := client(t, &Client{Loops: 1})
	before := openFiles(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := dialerOf(ln.Addr())
	_ = ln.Close()
	for range 50 {
		if e := k.refused(t, free); e.Phase != DialConnect || !errors.Is(e, syscall.ECONNREFUSED) {
			t.Fatal(e)
		}
	}
	elsewhere := *free
	elsewhere.Local = netip.MustParseAddrPort("192.0.2.1:0") // TEST-NET-1 (RFC 5737), not an address of this machine
	if e := k.refused(t, &elsewhere); !errors.Is(e, syscall.EADDRNOTAVAIL) {
		t.Error(e)
	}
	k.alone(t)
	if after := openFiles(t); after != before {
		t.Errorf("%d files, %d before", after, before)
	}
}

// TestDialWithoutAFreePortFails dials between addresses and ports that are in use already.
func TestDialWithoutAFreePortFails(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	k := client(t, &Client{Loops: 1})
	d := to(s)
	d.Local = netip.MustParseAddrPort("127.0.0.3:0")
	h := k.dial(t, d)
	local := make(chan netip.AddrPort, 1)
	k.on(h, func(c *Conn) {
		sa, _ := unix.Getsockname(int(c.fd))
		if late, err := unix.GetsockoptInt(int(c.fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT); late != 1 {
			t.Errorf("bind has taken the port: %d, %v", late, err)
		}
		a := sa.(*unix.SockaddrInet4)
		local <- netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	})
	d2 := *d
	if d2.Local = get(t, local); d2.Local.Addr() != d.Local.Addr() {
		t.Errorf("dialed from %v", d2.Local)
	}
	if e := k.refused(t, &d2); !errors.Is(e, syscall.EADDRNOTAVAIL) && !errors.Is(e, syscall.EADDRINUSE) {
		t.Error(e)
	}
}

// TestDialFileLimit: without descriptors a dial fails, and open connections go on.
func TestDialFileLimit(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	k := client(t, &Client{Loops: 1})
	h := k.dial(t, to(s))
	before := openFiles(t)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	probe, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Close(probe)
	lowered := old
	lowered.Cur = uint64(probe)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lowered); err != nil {
		t.Fatal(err)
	}
	restore := sync.OnceFunc(func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old) })
	defer restore()
	for range 300 {
		if err := k.Dial(to(s), nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 300 {
		if e := get(t, k.failed); !errors.Is(e, syscall.EMFILE) || e.Phase != DialConnect {
			t.Fatal(e)
		}
	}
	k.on(h, func(c *Conn) { c.Send(1, []byte("go on")) })
	if got := get(t, k.texts); got != "go on" {
		t.Error(got)
	}
	restore()
	if after := openFiles(t); after != before {
		t.Errorf("%d files, %d before", after, before)
	}
	k.dial(t, to(s))
}

// TestManyDialsWaitInOrder dials thousands of connections at once: at most MaxDials are in flight, they start in order,
// and none is lost.
func TestManyDialsWaitInOrder(t *testing.T) {
	const all, limit = 5000, 64
	var answered atomic.Int64
	e := echo()
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})
	var most int64
	next := 0
	k := client(t, &Client{Loops: 1, MaxDials: limit, Endpoint: Endpoint{OnOpen: func(c *Conn) {
		most = max(most, c.Loop().dials.inFlight.Load()+1)
		if i := c.Context().(int); i < next-2*limit {
			t.Errorf("dial %d after %d", i, next)
		} else {
			next = max(next, i)
		}
		answered.Add(1)
		c.Close(1000, "")
	}}})
	before := openFiles(t)
	d := to(s)
	for i := range all {
		if err := k.Dial(d, i); err != nil {
			t.Fatal(err)
		}
	}
	for range all {
		if got := get(t, k.closed); got.code != 1000 {
			t.Fatal(got)
		}
	}
	k.alone(t)
	eventually(t, "the server is empty", func() bool { return s.NumConns() == 0 })
	if len(k.failed) > 0 || answered.Load() != all {
		t.Errorf("%d failed, %d opened", len(k.failed), answered.Load())
	}
	if most > limit || most < 2 {
		t.Errorf("%d in flight", most)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files, %d before", after, before)
	}
}

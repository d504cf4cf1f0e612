//go:build !windows

package netpoll

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// freeAddr is an address of the machine without a listener.
func freeAddr(t *testing.T) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return netip.MustParseAddrPort(ln.Addr().String())
}

// fullBacklog is an address that does not answer a TCP connect.
func fullBacklog(t *testing.T) netip.AddrPort {
	t.Helper()
	full, empty := fullListener(t)
	t.Cleanup(empty)
	return dialerOf(full).Addr
}

// TestDialTriesEachAddress: the addresses of a name are tried in order until a TCP connect succeeds.
func TestDialTriesEachAddress(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	good, refuses := to(s).Addr, freeAddr(t)
	unreachable := netip.MustParseAddrPort("255.255.255.255:9") // connect(2) itself fails
	six := netip.MustParseAddrPort("[::1]:9")
	for name, d := range map[string]*Dialer{
		"refused":     {Addr: refuses, Fallback: []netip.AddrPort{good}},
		"at once":     {Addr: unreachable, Fallback: []netip.AddrPort{good}},
		"several":     {Addr: refuses, Fallback: []netip.AddrPort{unreachable, refuses, six, good, refuses}},
		"same family": {Addr: refuses, Fallback: []netip.AddrPort{six, good}, Local: netip.MustParseAddrPort("127.0.0.1:0")},
	} {
		t.Run(name, func(t *testing.T) {
			k := client(t, &Client{Loops: 1, MaxDials: 1})
			for range 3 {
				k.on(k.dial(t, d), func(c *Conn) { c.Close(1000, "") })
				get(t, k.closed)
				if dialed := get(t, k.opened); dialed.Dialer != d || dialed.Queue <= 0 {
					t.Errorf("%+v", dialed)
				}
			}
			if st := k.Stats(); st.DialsFailed != 0 {
				t.Errorf("%d dials failed", st.DialsFailed)
			}
			k.alone(t)
		})
	}
}

// TestDialNamesLastAddress: a dial of which every address has failed is reported once.
func TestDialNamesLastAddress(t *testing.T) {
	k := client(t, &Client{Loops: 1})
	last := freeAddr(t)
	e := k.refused(t, &Dialer{Addr: freeAddr(t), Fallback: []netip.AddrPort{freeAddr(t), last}})
	if e.Addr != last || e.Phase != DialConnect || !errors.Is(e, syscall.ECONNREFUSED) {
		t.Errorf("%v, %+v", e, e)
	}
	if st := k.Stats(); st.DialsFailed != 1 {
		t.Errorf("%d failures were counted", st.DialsFailed)
	}
	k.alone(t)
}

// TestDialFallsBackOnlyBeforeConnect: after a TCP connect has succeeded no further address is tried.
func TestDialFallsBackOnlyBeforeConnect(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{Path: "/here"}}})
	k := client(t, &Client{Loops: 1})
	e := k.refused(t, &Dialer{Addr: to(s).Addr, Path: "/elsewhere", Fallback: []netip.AddrPort{freeAddr(t)}})
	if e.Phase != DialUpgrade || e.Addr != to(s).Addr {
		t.Errorf("%v", e)
	}
}

// TestCloseEndsFallback: a closed client tries no further address.
func TestCloseEndsFallback(t *testing.T) {
	full := fullBacklog(t)
	k := client(t, &Client{Loops: 1})
	d := &Dialer{Addr: full, Fallback: []netip.AddrPort{full}, ConnectTimeout: time.Hour}
	if err := k.Dial(d, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a dial in flight", func() bool { return k.Stats().DialsInFlight == 1 })
	_ = k.Close()
	if e := get(t, k.failed); !errors.Is(e, ErrClientClosed) {
		t.Error(e)
	}
}

// TestDialTimeoutFallsBack: an address that does not answer takes its ConnectTimeout.
func TestDialTimeoutFallsBack(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	k := client(t, &Client{Loops: 1})
	k.dial(t, &Dialer{Addr: fullBacklog(t), Fallback: []netip.AddrPort{to(s).Addr}, ConnectTimeout: 50 * time.Millisecond})
}

//go:build !windows

package netpoll

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/limit"
)

// ipLimiter limits the connections of each address, and keeps the client addresses that trusted proxies have named. It is
// used when a connection is accepted and when it ends, never for a message. While there are no limits and no proxies it
// takes no memory for connections.
type ipLimiter struct {
	*limit.PerKey[netip.Addr]
	slots []atomic.Pointer[[chunkSize]connAddr] // by descriptor, as the slab; only the loop that owns the connection uses one
}

// connAddr is the address of one connection.
type connAddr struct {
	entry  *limit.Entry[netip.Addr] // nil if the connection does not count
	remote *netip.AddrPort          // that a proxy has named; nil if the kernel's counts
}

func newIPLimiter(maxFD, conns, perSecond int) *ipLimiter {
	v := &ipLimiter{limit.NewPerKey[netip.Addr](), make([]atomic.Pointer[[chunkSize]connAddr], maxFD>>chunkBits+1)}
	v.setLimits(conns, perSecond)
	return v
}

// setLimits replaces the limits: open connections of one address, and new ones per second, of which two seconds' worth may
// come at once. 0 means no limit. Any goroutine may call it.
func (v *ipLimiter) setLimits(conns, perSecond int) {
	v.SetLimits(conns, limit.NewRate(perSecond, 2*perSecond))
}

// get returns the address of a descriptor.
func (v *ipLimiter) get(fd int32) connAddr {
	if chunk := v.slots[fd>>chunkBits].Load(); chunk != nil {
		return chunk[fd&(chunkSize-1)]
	}
	return connAddr{}
}

// slot returns the place for the address of a descriptor.
func (v *ipLimiter) slot(fd int32) *connAddr {
	chunk := &v.slots[fd>>chunkBits]
	p := chunk.Load()
	if p == nil {
		p = new([chunkSize]connAddr)
		if !chunk.CompareAndSwap(nil, p) {
			p = chunk.Load()
		}
	}
	return &p[fd&(chunkSize-1)]
}

// put sets the address of a descriptor whose slot is empty.
func (v *ipLimiter) put(fd int32, a connAddr) {
	if a != (connAddr{}) {
		*v.slot(fd) = a
	}
}

// take clears the slot of a descriptor and returns its address.
func (v *ipLimiter) take(fd int32) connAddr {
	a := v.get(fd)
	if a != (connAddr{}) {
		*v.slot(fd) = connAddr{}
	}
	return a
}

// ipKey returns the address under which a connection counts: with IPv6 the /64, which is the least that a customer gets.
func ipKey(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}

// add counts the connection fd for an address, until take and release, unless a limit is reached.
func (v *ipLimiter) add(fd int32, a netip.Addr, now time.Duration) limit.Verdict {
	entry, verdict := v.Enter(ipKey(a), now)
	if entry != nil {
		v.slot(fd).entry = entry
	}
	return verdict
}

// release counts one connection less of an address. Any goroutine may call it.
func (v *ipLimiter) release(entry *limit.Entry[netip.Addr], now time.Duration) {
	if entry != nil {
		v.Leave(entry.Key, now)
	}
}

// releaseAddr counts one connection less of an address. Any goroutine may call it.
func (e *engine) releaseAddr(a connAddr) {
	if e.ipLimiter != nil {
		e.ipLimiter.release(a.entry, e.clock())
	}
}

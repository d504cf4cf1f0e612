//go:build !windows

package netpoll

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// ipLimiter counts the connections of each address, and keeps the client addresses that trusted proxies have named. It
// exists only where a server limits or trusts addresses. It is used when a connection is accepted and when it ends, never
// for a message, so a striped lock is enough.
type ipLimiter struct {
	limits  atomic.Pointer[ipLimits]
	seed    maphash.Seed
	stripes [64]ipStripe
	slots   []atomic.Pointer[[chunkSize]connAddr] // by descriptor, as the slab; only the loop that owns the connection uses one
}

// ipLimits are the limits of one address; 0 means no limit. They are immutable.
type ipLimits struct {
	conns int32     // connections
	rate  rateLimit // new connections
}

// connAddr is the address of one connection.
type connAddr struct {
	entry  *ipEntry        // nil if the connection does not count
	remote *netip.AddrPort // that a proxy has named; nil if the kernel's counts
}

// ipEntry counts for one address, or one network of IPv6.
type ipEntry struct {
	addr  netip.Addr
	conns int32
	due   time.Duration // state of ipLimits.rate
}

type ipStripe struct {
	mu    sync.Mutex
	of    map[netip.Addr]*ipEntry
	most  peak // of of
	sweep int  // size at which entries without connections are looked for
}

// rateBurst is the burst of ConnRatePerIP, as the time in which it is earned.
const rateBurst = 2 * time.Second

func newIPLimiter(maxFD, limit, perSecond int) *ipLimiter {
	v := &ipLimiter{
		seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[[chunkSize]connAddr], maxFD>>chunkBits+1),
	}
	v.setLimits(limit, perSecond)
	for i := range v.stripes {
		v.stripes[i].of = make(map[netip.Addr]*ipEntry)
	}
	return v
}

// setLimits replaces the limits. Any goroutine may call it.
func (v *ipLimiter) setLimits(limit, perSecond int) {
	v.limits.Store(&ipLimits{int32(limit), newRateLimit(perSecond, rateBurst)})
}

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

// ipKey returns the address under which a connection counts: with IPv6 the /64, which is the least that a customer gets.
func ipKey(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}

type limitResult uint8

const (
	withinLimits limitResult = iota
	tooMany                  // connections
	tooFast                  // new connections
)

// add counts the connection fd for an address, until take and release, unless a limit is reached.
func (v *ipLimiter) add(fd int32, a netip.Addr, now time.Duration) limitResult {
	b := v.limits.Load()
	if b.conns == 0 && b.rate.step == 0 {
		return withinLimits
	}
	a = ipKey(a)
	s := v.stripe(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.of[a]
	if w == nil {
		w = s.add(a, b.rate, now)
	}
	switch {
	case b.conns > 0 && w.conns >= b.conns:
		return tooMany
	case !b.rate.allows(w.due, now):
		return tooFast
	}
	w.conns++
	w.due = b.rate.spend(w.due, now)
	v.slot(fd).entry = w
	return withinLimits
}

func (v *ipLimiter) stripe(a netip.Addr) *ipStripe {
	return &v.stripes[maphash.Comparable(v.seed, a)%uint64(len(v.stripes))]
}

// add makes an entry. Entries without connections stay until a whole burst is allowed again; they are swept out when the
// stripe has doubled.
func (s *ipStripe) add(a netip.Addr, rate rateLimit, now time.Duration) *ipEntry {
	if len(s.of) >= s.sweep {
		for k, w := range s.of {
			if w.conns == 0 && rate.replenished(w.due, now) {
				remove(&s.of, &s.most, k)
			}
		}
		s.sweep = 2*len(s.of) + 16
	}
	w := &ipEntry{addr: a}
	s.of[a] = w
	return w
}

// take clears the slot of the connection fd and returns what was in it.
func (v *ipLimiter) take(fd int32) connAddr {
	slot := v.slot(fd)
	a := *slot
	*slot = connAddr{}
	return a
}

// release counts one connection less of an address. Any goroutine may call it.
func (v *ipLimiter) release(w *ipEntry, now time.Duration) {
	if w == nil {
		return
	}
	s := v.stripe(w.addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.conns--; w.conns == 0 && v.limits.Load().rate.replenished(w.due, now) {
		remove(&s.of, &s.most, w.addr)
	}
}

// releaseAddr counts one connection less of an address. Any goroutine may call it.
func (e *engine) releaseAddr(a connAddr) {
	if e.ipLimiter != nil {
		e.ipLimiter.release(a.entry, e.clock())
	}
}

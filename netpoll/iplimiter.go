//go:build !windows

package netpoll

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// ipLimiter knows who is there, by address: connections of each, and the addresses of those who
// come through a proxy. It exists only where a server limits or trusts addresses, and is
// touched when a connection comes and goes, never for a message: a striped lock is enough.
type ipLimiter struct {
	limits  atomic.Pointer[ipLimits]
	seed    maphash.Seed
	stripes [64]ipStripe
	slots   []atomic.Pointer[[chunkSize]connAddr] // by descriptor, as the slab; of the loop that owns the connection
}

// ipLimits are those of one address; 0 is none. They are immutable.
type ipLimits struct {
	conns int32     // connections
	rate  rateLimit // new connections
}

// visit is what is kept of one connection.
type connAddr struct {
	entry  *ipEntry        // nil: not counted
	remote *netip.AddrPort // nil: the kernel's
}

// ipEntry is one address, or one network of IPv6.
type ipEntry struct {
	addr  netip.Addr
	conns int32
	due   time.Duration // of ipLimits.rate
}

type ipStripe struct {
	mu    sync.Mutex
	of    map[netip.Addr]*ipEntry
	most  peak // of of
	sweep int  // size at which those who are gone are looked for
}

// rateBurst is the time whose worth of new connections an address may open at once.
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

// bound sets the bounds. Any goroutine may call it.
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

// subject is who is counted for an address: an IPv6 customer has at least a /64 of them.
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

// enter counts the connection fd of an address. It leaves with leave.
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

// add makes a ipEntry. Those who are gone stay until they could come back in a burst; they
// are swept out when the stripe has doubled.
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

// leave forgets the connection fd. Its loop calls it before the descriptor is closed.
func (v *ipLimiter) remove(fd int32, now time.Duration) {
	slot := v.slot(fd)
	w := slot.entry
	*slot = connAddr{}
	v.release(w, now)
}

// depart counts one connection less of an address. Any goroutine may call it.
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

// takeIPEntry takes out of c's slot whose connection it is: it goes on elsewhere, until releaseIPEntry.
func (s *Server) takeIPEntry(c *Conn) *ipEntry {
	if s.engine.ipLimiter == nil {
		return nil
	}
	slot := s.engine.ipLimiter.slot(c.fd)
	w := slot.entry
	slot.entry = nil
	return w
}

// releaseIPEntry is the end of a connection that takeIPEntry has taken out. Any goroutine may call it.
func (s *Server) releaseIPEntry(w *ipEntry) {
	if w != nil {
		s.engine.ipLimiter.release(w, s.engine.clock())
	}
}

//go:build !windows

package netpoll

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// visits knows who is there, by address: connections of each, and the addresses of those who
// come through a proxy. It exists only where a server limits or trusts addresses, and is
// touched when a connection comes and goes, never for a message: a striped lock is enough.
type visits struct {
	bounds  atomic.Pointer[visitBounds]
	seed    maphash.Seed
	stripes [64]visitStripe
	slots   []atomic.Pointer[[chunkSize]visit] // by descriptor, as the slab; of the loop that owns the connection
}

// visitBounds are those of one address; 0 is none. They are immutable.
type visitBounds struct {
	conns int32 // connections
	rate  pace  // new connections
}

// visit is what is kept of one connection.
type visit struct {
	visitor *visitor        // nil: not counted
	remote  *netip.AddrPort // nil: the kernel's
}

// visitor is one address, or one network of IPv6.
type visitor struct {
	addr  netip.Addr
	conns int32
	due   time.Duration // of visitBounds.rate
}

type visitStripe struct {
	mu    sync.Mutex
	of    map[netip.Addr]*visitor
	most  peak // of of
	sweep int  // size at which those who are gone are looked for
}

// rateBurst is the time whose worth of new connections an address may open at once.
const rateBurst = 2 * time.Second

func newVisits(maxFD, limit, perSecond int) *visits {
	v := &visits{
		seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[[chunkSize]visit], maxFD>>chunkBits+1),
	}
	v.bound(limit, perSecond)
	for i := range v.stripes {
		v.stripes[i].of = make(map[netip.Addr]*visitor)
	}
	return v
}

// bound sets the bounds. Any goroutine may call it.
func (v *visits) bound(limit, perSecond int) {
	v.bounds.Store(&visitBounds{int32(limit), newPace(perSecond, rateBurst)})
}

func (v *visits) slot(fd int32) *visit {
	chunk := &v.slots[fd>>chunkBits]
	p := chunk.Load()
	if p == nil {
		p = new([chunkSize]visit)
		if !chunk.CompareAndSwap(nil, p) {
			p = chunk.Load()
		}
	}
	return &p[fd&(chunkSize-1)]
}

// subject is who is counted for an address: an IPv6 customer has at least a /64 of them.
func subject(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}

type visitError uint8

const (
	welcome visitError = iota
	tooMany            // connections
	tooFast            // new connections
)

// enter counts the connection fd of an address. It leaves with leave.
func (v *visits) enter(fd int32, a netip.Addr, now time.Duration) visitError {
	b := v.bounds.Load()
	if b.conns == 0 && b.rate.step == 0 {
		return welcome
	}
	a = subject(a)
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
	case !b.rate.ready(w.due, now):
		return tooFast
	}
	w.conns++
	w.due = b.rate.charge(w.due, now)
	v.slot(fd).visitor = w
	return welcome
}

func (v *visits) stripe(a netip.Addr) *visitStripe {
	return &v.stripes[maphash.Comparable(v.seed, a)%uint64(len(v.stripes))]
}

// add makes a visitor. Those who are gone stay until they could come back in a burst; they
// are swept out when the stripe has doubled.
func (s *visitStripe) add(a netip.Addr, rate pace, now time.Duration) *visitor {
	if len(s.of) >= s.sweep {
		for k, w := range s.of {
			if w.conns == 0 && rate.idle(w.due, now) {
				remove(&s.of, &s.most, k)
			}
		}
		s.sweep = 2*len(s.of) + 16
	}
	w := &visitor{addr: a}
	s.of[a] = w
	return w
}

// leave forgets the connection fd. Its loop calls it before the descriptor is closed.
func (v *visits) leave(fd int32, now time.Duration) {
	slot := v.slot(fd)
	w := slot.visitor
	*slot = visit{}
	v.depart(w, now)
}

// depart counts one connection less of an address. Any goroutine may call it.
func (v *visits) depart(w *visitor, now time.Duration) {
	if w == nil {
		return
	}
	s := v.stripe(w.addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.conns--; w.conns == 0 && v.bounds.Load().rate.idle(w.due, now) {
		remove(&s.of, &s.most, w.addr)
	}
}

// keepVisit takes out of c's slot whose connection it is: it goes on elsewhere, until endVisit.
func (s *Server) keepVisit(c *Conn) *visitor {
	if s.visits == nil {
		return nil
	}
	slot := s.visits.slot(c.fd)
	w := slot.visitor
	slot.visitor = nil
	return w
}

// endVisit is the end of a connection that keepVisit has taken out. Any goroutine may call it.
func (s *Server) endVisit(w *visitor) {
	if w != nil {
		s.visits.depart(w, s.clock())
	}
}

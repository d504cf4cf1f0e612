package limit

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// PerKey counts the open connections of each key, and how fast they are opened. It is touched when a connection comes and
// goes, never for a message; a lock is held for one access to a map. Keys that were idle for a burst are forgotten.
//
// Limits may change at any time. While there is none, nothing is counted and no memory is used: connections that came
// during that time are not counted when a limit is set later.
type PerKey[K comparable] struct {
	limits  atomic.Pointer[limits]
	seed    maphash.Seed
	stripes [64]stripe[K]
}

type limits struct {
	open int // connections of one key; 0: any number
	rate Rate
}

type stripe[K comparable] struct {
	mu      sync.Mutex
	entries map[K]*Entry[K]
	sweepAt int // number of entries at which idle ones are searched for
}

// Entry is the state of one key.
type Entry[K comparable] struct {
	Key  K
	open int
	due  time.Duration
}

// Verdict is the result of [PerKey.Enter].
type Verdict uint8

// The verdicts.
const (
	Allowed Verdict = iota
	TooMany         // open connections
	TooFast         // new connections
)

// NewPerKey returns a table without limits.
func NewPerKey[K comparable]() *PerKey[K] {
	p := &PerKey[K]{seed: maphash.MakeSeed()}
	p.limits.Store(&limits{})
	return p
}

// SetLimits sets the open connections of one key (0: any number) and the rate of its new ones. They apply from the next
// Enter on. Any goroutine may call it.
func (p *PerKey[K]) SetLimits(open int, rate Rate) { p.limits.Store(&limits{open, rate}) }

// Limited reports whether there are limits. Any goroutine may call it.
func (p *PerKey[K]) Limited() bool { return p.limits.Load().limited() }

func (l *limits) limited() bool { return l.open > 0 || !l.rate.Unlimited() }

// Enter counts one more connection of a key at time now. The entry is nil if the connection is not counted: it was
// refused, or there are no limits. Otherwise Leave must be called with its key when the connection ends.
func (p *PerKey[K]) Enter(key K, now time.Duration) (*Entry[K], Verdict) {
	l := p.limits.Load()
	if !l.limited() {
		return nil, Allowed
	}
	s := p.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entry(key, now)
	switch {
	case l.open > 0 && e.open >= l.open:
		return nil, TooMany
	case !e.take(&l.rate, now):
		return nil, TooFast
	}
	e.open++
	return e, Allowed
}

// Leave ends a connection that Enter counted.
func (p *PerKey[K]) Leave(key K, now time.Duration) {
	s := p.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[key]
	if e == nil {
		return
	}
	if e.open--; e.idle(now) {
		delete(s.entries, key)
	}
	if s.sweepAt > 256 && len(s.entries) < s.sweepAt/32 {
		s.sweep(now)
	}
}

// Take charges one unit to a key at time now, without a connection, and reports whether it was allowed.
func (p *PerKey[K]) Take(key K, now time.Duration) bool {
	rate := &p.limits.Load().rate
	if rate.Unlimited() {
		return true
	}
	s := p.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entry(key, now).take(rate, now)
}

// Len returns the number of keys that are remembered.
func (p *PerKey[K]) Len() (n int) {
	for i := range p.stripes {
		s := &p.stripes[i]
		s.mu.Lock()
		n += len(s.entries)
		s.mu.Unlock()
	}
	return n
}

func (p *PerKey[K]) stripe(key K) *stripe[K] {
	return &p.stripes[maphash.Comparable(p.seed, key)%uint64(len(p.stripes))]
}

// entry finds the entry of a key or adds one. Idle entries are removed whenever the number of entries has doubled.
func (s *stripe[K]) entry(key K, now time.Duration) *Entry[K] {
	if e := s.entries[key]; e != nil {
		return e
	}
	if len(s.entries) >= s.sweepAt {
		s.sweep(now)
	}
	e := &Entry[K]{Key: key}
	s.entries[key] = e
	return e
}

// sweep removes idle entries. It copies the others to a new map, because a map never shrinks.
func (s *stripe[K]) sweep(now time.Duration) {
	entries := make(map[K]*Entry[K])
	for key, e := range s.entries {
		if !e.idle(now) {
			entries[key] = e
		}
	}
	s.entries, s.sweepAt = entries, 2*len(entries)+16
}

func (e *Entry[K]) take(r *Rate, now time.Duration) bool {
	if r.Unlimited() {
		return true
	}
	ahead := max(e.due-now, 0)
	if !r.allows(ahead) {
		return false
	}
	e.due = now + ahead + r.step
	return true
}

// idle reports whether forgetting e changes nothing.
func (e *Entry[K]) idle(now time.Duration) bool { return e.open == 0 && e.due <= now }

package edge

import (
	"hash/maphash"
	"sync"
)

// users knows how many connections each user has, and how fast they came, where that is limited. It is looked at when
// a connection gets its identity and when that ends, never for a message; nobody holds a lock for longer than a look
// into a map.
type users struct {
	seed    maphash.Seed
	stripes [64]userStripe
}

type userStripe struct {
	mu    sync.Mutex
	of    map[string]user
	sweep int // size at which those who are gone are looked for
}

type user struct {
	conns int32
	meter uint32 // of new connections, see rate.go
}

// newUsers is nil, which limits nothing, where nothing is to be counted.
func newUsers(count bool) *users {
	if !count {
		return nil
	}
	u := &users{seed: maphash.MakeSeed()}
	for i := range u.stripes {
		u.stripes[i].of = make(map[string]user)
	}
	return u
}

func (u *users) stripe(name string) *userStripe {
	return &u.stripes[maphash.String(u.seed, name)%uint64(len(u.stripes))]
}

type userError uint8

const (
	welcome userError = iota
	tooMany           // connections
	tooFast           // new connections
)

// enter counts one more connection of the user at time now, unless there are limit of them (0: any number) or it comes
// faster than r. Who has no name is not limited: anonymous people are not one person.
func (u *users) enter(name string, limit int, r rate, now uint32) userError {
	if u == nil || name == "" {
		return welcome
	}
	s := u.stripe(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	w, known := s.of[name]
	if !known {
		w.meter = now
		s.makeRoom(r, now)
	}
	switch {
	case limit > 0 && int(w.conns) >= limit:
		return tooMany
	case r.step > 0 && !r.take(&w.meter, now):
		return tooFast
	}
	w.conns++
	s.of[name] = w
	return welcome
}

// makeRoom goes before a new user. Those who have gone stay until they could come back in a burst; they are swept out
// when the stripe has doubled.
func (s *userStripe) makeRoom(r rate, now uint32) {
	if len(s.of) < s.sweep {
		return
	}
	s.rebuild(r, now)
}

// rebuild forgets those who have gone. A map keeps the memory of the most that it had, so there is another one.
func (s *userStripe) rebuild(r rate, now uint32) {
	of := make(map[string]user)
	for name, w := range s.of {
		if !w.gone(r, now) {
			of[name] = w
		}
	}
	s.of, s.sweep = of, 2*len(of)+16
}

// gone tells whether nothing has to be remembered of the user.
func (w user) gone(r rate, now uint32) bool { return w.conns == 0 && r.idle(w.meter, now) }

// leave takes back an enter that succeeded.
func (u *users) leave(name string, r rate, now uint32) {
	if u == nil || name == "" {
		return
	}
	s := u.stripe(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.of[name]
	if w.conns--; w.gone(r, now) {
		delete(s.of, name)
	} else {
		s.of[name] = w
	}
	if s.sweep > 256 && len(s.of) < s.sweep/32 {
		s.rebuild(r, now)
	}
}

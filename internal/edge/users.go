package edge

import (
	"hash/maphash"
	"sync"
)

// users counts the connections of each user, where that is limited. It is looked at when a connection gets its
// identity and when that ends, never for a message; nobody holds a lock for longer than a look into a map.
type users struct {
	limit   int32
	seed    maphash.Seed
	stripes [64]userStripe
}

type userStripe struct {
	mu     sync.Mutex
	counts map[string]int32
}

// newUsers counts up to limit; nil, with 0, limits nothing.
func newUsers(limit int) *users {
	if limit <= 0 {
		return nil
	}
	u := &users{limit: int32(limit), seed: maphash.MakeSeed()}
	for i := range u.stripes {
		u.stripes[i].counts = make(map[string]int32)
	}
	return u
}

func (u *users) stripe(name string) *userStripe {
	return &u.stripes[maphash.String(u.seed, name)%uint64(len(u.stripes))]
}

// enter counts one more connection of the user, unless there are as many as may be. Who has no name is not limited:
// anonymous people are not one person.
func (u *users) enter(name string) bool {
	if u == nil || name == "" {
		return true
	}
	s := u.stripe(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts[name] >= u.limit {
		return false
	}
	s.counts[name]++
	return true
}

// leave takes back an enter that succeeded.
func (u *users) leave(name string) {
	if u == nil || name == "" {
		return
	}
	s := u.stripe(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts[name]--; s.counts[name] == 0 {
		delete(s.counts, name)
	}
}

package rival

import (
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Target splits a request target into the name of the room and whether it is the echo.
func Target(target string) (room string, echo bool) {
	path, query, _ := strings.Cut(target, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", path == "/echo"
	}
	return values.Get("room"), path == "/echo"
}

// Rooms is who is where. Any goroutine may call its methods.
type Rooms[M comparable] struct {
	mu     sync.Mutex
	byName map[string]*Room[M]
}

// Join puts the member into the room, which is there as long as somebody is in it.
func (rs *Rooms[M]) Join(name string, member M) *Room[M] {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.byName == nil {
		rs.byName = map[string]*Room[M]{}
	}
	r := rs.byName[name]
	if r == nil {
		r = &Room[M]{name: name, rooms: rs}
		rs.byName[name] = r
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, member)
	return r
}

// Room is its members in the order in which they came.
type Room[M comparable] struct {
	name    string
	rooms   *Rooms[M]
	mu      sync.RWMutex
	members []M
}

// Leave takes the member out: when it returns, Each will not be called with it.
func (r *Room[M]) Leave(member M) {
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.members, member); i >= 0 {
		r.members = slices.Delete(r.members, i, i+1)
	}
	if len(r.members) == 0 && r.rooms.byName[r.name] == r {
		delete(r.rooms.byName, r.name)
	}
}

// Each calls f for all members, one after the other. f must not join or leave.
func (r *Room[M]) Each(f func(M)) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, m := range r.members {
		f(m)
	}
}

package rival

import (
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Target returns the name of the room in a request target, and whether the target is /echo.
func Target(target string) (room string, echo bool) {
	path, query, _ := strings.Cut(target, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", path == "/echo"
	}
	return values.Get("room"), path == "/echo"
}

// Rooms has the members of all rooms. Any goroutine may call its methods.
type Rooms[M comparable] struct {
	mu     sync.Mutex
	byName map[string]*Room[M]
}

// Join adds the member to the room. A room exists as long as it has members.
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

// Room has its members in the order of their joins.
type Room[M comparable] struct {
	name    string
	rooms   *Rooms[M]
	mu      sync.RWMutex
	members []M
}

// Leave removes the member. After it has returned, Each does not call f with the member.
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

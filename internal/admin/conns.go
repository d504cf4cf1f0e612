package admin

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// conns bounds the connections of the listener, so that descriptors can be reserved for them. Probes and scrapers keep
// connections open between two requests, and some never close them. Above the limit the connection that has been without a
// request for longest is closed, so that the next probe is not refused.
type conns struct {
	limit  int
	closed atomic.Int64 // because of the bound

	mu   sync.Mutex
	of   map[net.Conn]*conn
	idle list.List // of *conn, the longest one first
}

// conn is one connection: in idle, or in use by a handler.
type conn struct {
	net.Conn
	idle *list.Element
}

// changed is http.Server.ConnState. A new connection above the limit is closed itself if all others have requests.
func (cs *conns) changed(c net.Conn, state http.ConnState) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch state {
	case http.StateNew:
		own := &conn{Conn: c}
		own.idle = cs.idle.PushBack(own)
		cs.of[c] = own
		if len(cs.of) > cs.limit {
			cs.closed.Add(1)
			oldest := cs.idle.Front().Value.(*conn)
			cs.remove(oldest)
			_ = oldest.Close()
		}
	case http.StateClosed, http.StateHijacked:
		if own := cs.of[c]; own != nil {
			cs.remove(own)
		}
	}
}

func (cs *conns) remove(c *conn) {
	if c.idle != nil {
		cs.idle.Remove(c.idle)
		c.idle = nil
	}
	delete(cs.of, c.Conn)
}

// connKey is the key of the connection in the context of a request.
type connKey struct{}

// context is http.Server.ConnContext.
func (cs *conns) context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// serve keeps the connection of a request open while a handler uses it.
func (cs *conns) serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(connKey{}).(net.Conn)
		cs.busy(c, true)
		defer cs.busy(c, false)
		next.ServeHTTP(w, r)
	})
}

func (cs *conns) busy(c net.Conn, busy bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	own := cs.of[c]
	switch {
	case own == nil: // closed, or no connection of the listener
	case busy && own.idle != nil:
		cs.idle.Remove(own.idle)
		own.idle = nil
	case !busy && own.idle == nil:
		own.idle = cs.idle.PushBack(own)
	}
}

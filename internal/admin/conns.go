package admin

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// conns bounds the connections of the listener, so that their descriptors can be kept back for it. Probes and
// scrapers keep connections open between two requests, and some do not close what they have left: so the bound
// does not shut out the next probe, but closes the connection that has been without a request for longest.
type conns struct {
	limit  int
	closed atomic.Int64 // for the bound

	mu   sync.Mutex
	of   map[net.Conn]*conn
	idle list.List // of *conn, the longest one first
}

// conn is one connection: in idle, or with a request that a handler has.
type conn struct {
	net.Conn
	idle *list.Element
}

// changed follows http.Server.ConnState. A new connection that is one too many is closed if all others have requests.
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

// serve keeps the connection of a request from being closed for the bound while a handler has it.
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

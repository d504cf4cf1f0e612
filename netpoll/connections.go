//go:build !windows

package netpoll

import (
	"context"
	"iter"
	"time"
)

// Conns yields the open connections of the loop, in the order of their descriptors. Only the loop may call it, so call it in
// a callback or in [Loop.Do]; the body may close connections. It looks at every slot up to the highest descriptor that the
// process has had, about a millisecond for each 100,000, and the loop does nothing else meanwhile: see [Server.EachConn] for
// many connections.
func (l *Loop) Conns() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		for fd := 0; fd >= 0; {
			var c *Conn
			if c, fd = l.nextConn(fd); c != nil && !yield(c) {
				return
			}
		}
	}
}

// nextConn returns the first open connection of l whose descriptor is fd or higher and lies in the same chunk of the slab,
// or nil, and the descriptor at which to go on, -1 at the end.
func (l *Loop) nextConn(fd int) (*Conn, int) {
	chunks := l.engine.slab.chunks
	i := fd >> chunkBits
	if i >= len(chunks) {
		return nil, -1
	}
	if p := chunks[i].Load(); p != nil {
		for j := fd & (chunkSize - 1); j < chunkSize; j++ {
			if c := &p[j]; owner(c.owner.Load()).ownedBy(l) && c.live() {
				return c, i<<chunkBits + j + 1
			}
		}
	}
	return nil, (i + 1) << chunkBits
}

// EachConn calls f for every connection that is open when it is reached, each on its own loop and so for several at the same
// time, and returns when all have been visited. It returns early with an error if ctx ends or the server is closed. A loop
// visits connections for at most a millisecond at a time and serves its sockets in between. Connections that open meanwhile
// may be left out. Any goroutine may call it, but not a callback: it would wait for its own loop.
func (s *Server) EachConn(ctx context.Context, f func(c *Conn)) error {
	return s.engine.eachConn(ctx, f, ErrServerClosed)
}

// EachConn is [Server.EachConn] for the connections of a client. The error of a closed client is [ErrClientClosed].
func (c *Client) EachConn(ctx context.Context, f func(c *Conn)) error {
	return c.engine.eachConn(ctx, f, ErrClientClosed)
}

func (e *engine) eachConn(ctx context.Context, f func(c *Conn), closed error) error {
	loops := e.running()
	done := make(chan struct{}, len(loops))
	for _, l := range loops {
		l.Do(func() { l.visit(ctx, 0, f, done) })
	}
	for range loops {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.done:
			return closed
		}
	}
	return nil
}

// visit calls f for the connections from a descriptor on, for at most turnTime, and posts the rest to the loop itself.
func (l *Loop) visit(ctx context.Context, fd int, f func(*Conn), done chan<- struct{}) {
	start := time.Now()
	for fd >= 0 && ctx.Err() == nil {
		var c *Conn
		if c, fd = l.nextConn(fd); c != nil {
			l.visitConn(c, f)
		}
		if time.Since(start) > turnTime {
			l.Do(func() { l.visit(ctx, fd, f, done) })
			return
		}
	}
	done <- struct{}{}
}

func (l *Loop) visitConn(c *Conn, f func(*Conn)) {
	defer l.recoverPanic(c.Handle())
	f(c)
}

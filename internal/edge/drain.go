package edge

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
)

// drain is the state of an edge that stops.
type drain struct {
	closing atomic.Bool  // everything that was accepted has been posted to the loops: connections may be closed
	next    atomic.Int64 // uptime in nanoseconds from which one more publisher may be closed
	step    int64        // nanoseconds between two closes
}

// StopPublishes answers every publish from now on with the temporary error 111, and every connect with close code 3001. It
// returns when everything that was accepted before has been posted to the event loops: a connection that is closed after
// that gets it before its close frame. ctx bounds the time, see [room.Hub.StopPublishes].
//
// After that a connection that publishes is closed behind the reply, so that its client reconnects to another server at
// once; at most perSecond connections are closed for it. Any goroutine may call it, once.
func (e *Edge) StopPublishes(ctx context.Context, perSecond int) error {
	d := &drain{step: int64(time.Second) / int64(max(perSecond, 1))}
	e.drain.Store(d)
	err := e.hub.StopPublishes(ctx)
	d.next.Store(int64(e.uptime()))
	d.closing.Store(true)
	return err
}

// take reports whether one more publisher may be closed at time now.
func (d *drain) take(now int64) bool {
	next := d.next.Load()
	return now >= next && d.next.CompareAndSwap(next, now+d.step)
}

// refusePublish answers a publish while the server stops.
func (s *session) refusePublish(d *drain) error {
	if d.closing.Load() && d.take(int64(s.loop.edge.uptime())) {
		b := s.loop.out.NewBatch() // runs after this turn, and so after the reply
		b.Close(s.conn, frame.CloseCode(protocol.DisconnectShutdown.Code), protocol.DisconnectShutdown.Reason)
		s.loop.out.Post(b)
	}
	return protocol.ErrTooManyRequests
}

package edge

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
)

// drain is the state of an edge whose connections are about to be closed.
type drain struct {
	closing atomic.Bool  // everything accepted has been handed to the loops: closes may begin
	next    atomic.Int64 // time on the edge's clock, in nanoseconds, from which on one more publisher may be closed
	step    int64        // nanoseconds between two of them
}

// StopPublishes answers every publish from now on with the temporary error 111, and every connect with the close code
// 3001. It returns when everything that was accepted before has been handed to the event loops: what they are told to
// close after that gets it before its close frame. ctx bounds that time, see [room.Hub.StopPublishes].
//
// From then on a connection that publishes is closed right behind the answer, so that its client goes on elsewhere
// at once, but no more than perSecond of them. Any goroutine may call it, once.
func (e *Edge) StopPublishes(ctx context.Context, perSecond int) error {
	d := &drain{step: int64(time.Second) / int64(max(perSecond, 1))}
	e.drain.Store(d)
	err := e.hub.StopPublishes(ctx)
	d.next.Store(int64(time.Since(e.started)))
	d.closing.Store(true)
	return err
}

// take reports whether one more publisher may be closed at time now.
func (d *drain) take(now int64) bool {
	next := d.next.Load()
	return now >= next && d.next.CompareAndSwap(next, now+d.step)
}

// refusePublish answers a publish of a server that stops.
func (s *session) refusePublish(d *drain) error {
	if d.closing.Load() && d.take(int64(time.Since(s.loop.edge.started))) {
		b := s.loop.out.NewBatch() // carried out behind this turn, and so behind the answer
		b.Close(s.conn, frame.CloseCode(protocol.DisconnectShutdown.Code), protocol.DisconnectShutdown.Reason)
		s.loop.out.Post(b)
	}
	return protocol.ErrTooManyRequests
}

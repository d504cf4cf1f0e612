package load

import (
	"context"
	"errors"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// The callbacks of netpoll, the ticks of the workers, and the end of the loops.

const (
	maxBacklog   = 64 << 20 // bytes that were sent and the server has not read
	closeTimeout = 3 * time.Second
	tick         = 250 * time.Millisecond // how often netpoll looks at the deadlines of dials
)

func onOpen(c *netpoll.Conn) {
	cl := c.Context().(*client)
	cl.handle = c.Handle()
	cl.w.upgraded(cl, c.Dialed().DialTimes)
}

func onMessage(c *netpoll.Conn, _ frame.Op, p []byte) {
	if cl, ok := c.Context().(*client); ok && cl != nil {
		cl.w.receive(cl, p)
	}
}

func onClose(c *netpoll.Conn, e netpoll.CloseEvent) {
	if cl, ok := c.Context().(*client); ok && cl != nil {
		cl.w.closed(cl, e.Code, e.Reason)
	}
}

func onEnd(context any, took time.Duration) {
	if cl, ok := context.(*client); ok && cl != nil {
		cl.w.report.Phases.Record(report.Close, took)
	}
}

func onDialError(e *netpoll.DialError) {
	if errors.Is(e.Err, netpoll.ErrClientClosed) {
		return
	}
	cl := e.Context.(*client)
	cl.w.openingFailed(cl, e)
}

// startTicks writes the series every second and ends openings without a reply, until the returned
// function is called.
func (r *run) startTicks() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(time.Second)
		defer t.Stop()
		every := max(1, int(r.o.Patience/(10*time.Second))) // a sweep over a million clients takes time
		for {
			select {
			case <-done:
				return
			case <-t.C:
			}
			at := int(time.Since(r.started)/time.Second) - 1
			for _, w := range r.workers {
				w.loop.Do(func() {
					w.endSecond(at)
					if at%every == 0 {
						w.sweep()
					}
				})
			}
		}
	}()
	return func() { close(done); <-ended }
}

// close closes all connections with a closing handshake, and ends the loops.
func (r *run) close() {
	r.ending.Store(true)
	at := int(time.Since(r.started) / time.Second)
	r.each(func(w *worker) { w.endSecond(at); w.paused = true; w.closeMisbehavers() })
	r.misbehavers.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout+2*time.Second)
	defer cancel()
	if err := r.client.Shutdown(ctx); err != nil {
		_ = r.client.Close()
	}
}

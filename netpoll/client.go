//go:build !windows

package netpoll

import (
	"cmp"
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
)

// Client opens WebSocket connections and serves them on event loops of its own, as a [Server] does: an idle connection
// is a slot of the same kind. Its fields must be set before Start and not be changed afterwards.
type Client struct {
	// Loops is the number of event loops, each a goroutine. 0 means GOMAXPROCS.
	Loops int
	// Endpoint has the limits, the pings and the callbacks of the connections. A client sends pings only if
	// PingInterval is set, its own PingFrame must be masked (see [Conn.SendRaw]), and PauseBacklog 0 means no bound.
	// Path, CheckOrigin, Subprotocols, Compression, Accept, Decide and OnDropped belong to a server and are ignored.
	Endpoint Endpoint
	// OnDialError is called on the loop for every dial that failed. Nil ignores them.
	OnDialError func(e *DialError)
	// OnEnd is called on the loop when the socket of a connection has ended that was closed with a close frame: took is
	// the time since that frame. The Conn is gone by then; context is what Conn.Context was. Nil ignores them.
	OnEnd func(context any, took time.Duration)
	// MaxDials bounds the dials in flight on each loop, about 20 KB each (30 KB with TLS); others wait in order. 0
	// means 128.
	MaxDials int

	// MessageTimeout, MaxFragments, MaxControls, CloseTimeout, Tick and OnError are as in [Server], with the same
	// defaults. CloseTimeout also bounds the time that the server has to close the TCP connection (RFC 6455, 7.1.1).
	MessageTimeout time.Duration
	MaxFragments   int
	MaxControls    int
	CloseTimeout   time.Duration
	Tick           time.Duration
	OnError        func(error)

	engine    engine
	next      atomic.Uint32
	closeOnce sync.Once
}

// ErrClientClosed is the error of a dial after Shutdown or Close.
var ErrClientClosed = errors.New("netpoll: client closed")

// minTLSHandshakes is the least bound of the TLS handshakes in flight, those included that were given up and wait for a
// worker to end them.
const minTLSHandshakes = 4096

// Start runs the loops.
func (c *Client) Start() error {
	e := &c.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != stateNew {
		return errors.New("netpoll: Start was called before")
	}
	c.prepare()
	for i := range e.Loops {
		l, err := c.newLoop(i)
		if err != nil {
			e.closeLoops()
			return err
		}
		e.loops = append(e.loops, l)
	}
	e.start(e.report)
	return nil
}

func (c *Client) prepare() {
	p := c.Endpoint
	p.PingInterval = cmp.Or(p.PingInterval, -1)
	p.PauseBacklog = cmp.Or(p.PauseBacklog, math.MaxInt) // two ends that both stop reading until the other one reads would never go on
	e := &c.engine
	e.init(loopSettings{
		Loops: c.Loops, MessageTimeout: c.MessageTimeout, MaxFragments: c.MaxFragments, MaxControls: c.MaxControls,
		CloseTimeout: c.CloseTimeout, Tick: c.Tick, OnError: c.OnError,
	}, []Endpoint{p}, openFileLimit())
	e.client, e.closed, e.onEnd = true, errClientClosed, c.OnEnd
	e.tlsHandshakes = newTLSHandshakePool(max(minTLSHandshakes, 2*e.Loops*c.maxDials()), 1)
}

func (c *Client) newLoop(i int) (*Loop, error) {
	l, err := newLoop(&c.engine, i)
	if err == nil {
		l.dials = &dialQueue{limit: c.maxDials(), onError: c.OnDialError}
	}
	return l, err
}

func (c *Client) maxDials() int { return cmp.Or(c.MaxDials, 128) }

// Dial is [Loop.Dial] on the loops in turn. Any goroutine may call it after Start.
func (c *Client) Dial(d *Dialer, context any) error {
	loops := c.engine.loops
	return loops[int(c.next.Add(1)-1)%len(loops)].Dial(d, context)
}

// NumLoops returns the number of event loops. Any goroutine may call it after Start.
func (c *Client) NumLoops() int { return len(c.engine.loops) }

// Loop returns event loop i. Any goroutine may call it after Start.
func (c *Client) Loop(i int) *Loop { return c.engine.loops[i] }

// NumConns returns the number of sockets: connections, dials in flight, and those that wait for the server's end of a
// closing handshake. Any goroutine may call it.
func (c *Client) NumConns() int { return int(c.engine.conns.Load()) }

// ClientStats is what a client has done since Start and what it holds now. Upgraded in the embedded Stats counts the
// dials that succeeded; fields that belong to a server are zero.
type ClientStats struct {
	Stats
	DialsQueued   int64 // dials that wait for others to end
	DialsInFlight int64
	DialsFailed   int64
	Connect       Histogram // of the TCP connects; TLS and Upgrade are the parts that follow
}

// Stats returns the figures of now. Any goroutine may call it after Start.
func (c *Client) Stats() ClientStats {
	st := ClientStats{Stats: c.engine.stats()}
	for _, l := range c.engine.running() {
		l.dials.addTo(&st)
	}
	return st
}

// Shutdown ends the dials, closes every connection with 1001 (going away), waits until all have ended or ctx ends, and
// then closes the client. Any goroutine but a loop may call it.
func (c *Client) Shutdown(ctx context.Context) error {
	for _, l := range c.engine.running() {
		l.Do(func() {
			l.endDials()
			c.engine.slab.each(l, func(c *Conn) { c.Close(frame.CloseGoingAway, "") })
		})
	}
	var err error
	if len(c.engine.running()) > 0 {
		err = c.engine.waitEmpty(ctx)
	}
	return cmp.Or(err, c.Close())
}

// Close ends the client at once: the sockets are closed without a closing handshake. OnClose or OnDialError is called
// for each before Close returns. Any goroutine but a loop may call it, more than once.
func (c *Client) Close() error {
	if len(c.engine.running()) == 0 {
		return nil
	}
	c.engine.stop()
	c.closeOnce.Do(func() {
		c.engine.wait()
		c.engine.closeLoops()
	})
	return nil
}

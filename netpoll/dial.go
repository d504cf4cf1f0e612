//go:build !windows

package netpoll

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/netpoll/upgrade"
)

// How a connection is dialed. The dials of a loop wait in its queue; at most limit are in
// flight, each a slot like any other, with what belongs to the dial in aux:
//
//	phaseConnect   the TCP connect goes on by itself: writable when it is over
//	phaseTLS       the handshake of tlshandshake.go, from the other end
//	phaseAnswer    the request is sent, the response read by upgrade.Client
//	phaseOpen      as on a server; dial is forgotten after OnOpen
//
// Every dial that was taken ends with one call of OnOpen or of OnDialError.

// dials are those of one loop.
type dialQueue struct {
	limit            int
	inFlight, failed atomic.Int64 // only the loop writes
	connect          Durations

	mu        sync.Mutex // between those who dial and the loop; not on the path of a message
	queue     []*dialAttempt
	scheduled bool // startDials is posted or running
	closed    bool
}

// dialing is one dial, until OnOpen or OnDialError.
type dialAttempt struct {
	dialer  *Dialer
	addr    netip.AddrPort // that is tried now
	tried   int            // addresses of Dialer.Fallback that were tried or left out
	context any
	posted  time.Duration // the clock at Dial
	times   DialTimes
	answer  *upgrade.Client
	err     error // why it failed
	over    bool  // no longer in flight
}

// Dial opens a connection on this loop. It never blocks: OnOpen or [Client.OnDialError] follows
// on the loop. context is stored as [Conn.SetContext] does. An error means that d can never
// work, or ErrClientClosed. Any goroutine may call it, the callbacks included; the dials of
// one goroutine start in order.
func (l *Loop) Dial(d *Dialer, context any) error {
	if l.dials == nil {
		return errors.New("netpoll: a server's loop does not dial")
	}
	if err := d.check(); err != nil {
		return err
	}
	look, err := l.dials.push(&dialAttempt{dialer: d, addr: d.Addr, context: context, posted: l.server.clock()})
	if look {
		l.Do(l.startDials)
	}
	return err
}

// push queues g and reports whether the loop must be told.
func (d *dialQueue) push(g *dialAttempt) (look bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false, ErrClientClosed
	}
	d.queue = append(d.queue, g)
	look = !d.scheduled && d.inFlight.Load() < int64(d.limit)
	d.scheduled = d.scheduled || look
	return look, nil
}

// pushFront queues g before the others; false: the client is closed. Only the loop may call it.
func (d *dialQueue) pushFront(g *dialAttempt) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.queue = slices.Insert(d.queue, 0, g)
	}
	return !d.closed
}

// pop returns the next dial that may start, or nil.
func (d *dialQueue) pop() *dialAttempt {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == 0 || d.inFlight.Load() >= int64(d.limit) {
		d.scheduled = false
		return nil
	}
	g := d.queue[0]
	d.queue[0] = nil
	if d.queue = d.queue[1:]; len(d.queue) == 0 {
		d.queue = nil
	}
	return g
}

// land takes one out of flight and reports whether the loop must look at the queue.
func (d *dialQueue) release() (look bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inFlight.Add(-1)
	look = !d.scheduled && len(d.queue) > 0
	d.scheduled = d.scheduled || look
	return look
}

// shut ends the queue and returns what was in it.
func (d *dialQueue) close() []*dialAttempt {
	d.mu.Lock()
	defer d.mu.Unlock()
	rest := d.queue
	d.queue, d.closed = nil, true
	return rest
}

func (d *dialQueue) addTo(st *ClientStats) {
	d.mu.Lock()
	st.DialsQueued += int64(len(d.queue))
	d.mu.Unlock()
	st.DialsInFlight += d.inFlight.Load()
	st.DialsFailed += d.failed.Load()
	st.Connect.Add(d.connect.Histogram())
}

// startDials starts as many dials as may be in flight; those that fail at once are at most
// limit in a turn.
func (l *Loop) startDials() {
	for range l.dials.limit {
		g := l.dials.pop()
		if g == nil {
			return
		}
		l.startDial(g)
	}
	l.Do(l.startDials)
}

func (l *Loop) startDial(g *dialAttempt) {
	g.times.Queue = cmp.Or(g.times.Queue, l.server.clock()-g.posted)
	fd, err := connectSocket(g.dialer.Local, g.addr)
	if err != nil {
		if g.err = err; !l.fallBack(g) {
			l.dialFailed(g, DialConnect)
		}
		return
	}
	c := l.server.slab.slot(fd)
	if c == nil { // the limit of open files was raised since Start
		_ = unix.Close(fd)
		g.err = os.NewSyscallError("socket", unix.EMFILE)
		l.dialFailed(g, DialConnect)
		return
	}
	l.dials.inFlight.Add(1)
	l.server.conns.Add(1)
	gen := max(1, owner(c.owner.Load()).gen()+1)
	c.loop, c.fd, c.phase, c.context = l, int32(fd), phaseConnect, g.context
	c.rare().dial = g
	c.heard = l.wheel.now
	l.startTiming(c)
	c.owner.Store(uint64(makeOwner(gen, l.index)))
	l.held.Add(1)
	c.set(flagArmed)
	l.scratch.FD = fd
	if err := l.poller.AddReadWrite(&l.scratch, edgeTriggered); err != nil {
		c.failDial(err)
	}
	l.setDeadline(c, g.dialer.connectTimeout())
}

// allow gives the phase that begins now its time.
func (l *Loop) setDeadline(c *Conn, d time.Duration) {
	c.due = l.wheel.now + l.server.ticksOf(d) + 1
	l.schedule(c, c.due)
}

// connected is the end of the TCP connect, if it is.
func (l *Loop) finishConnect(c *Conn) {
	defer l.recoverPanic(c.Handle())
	done, err := connectResult(int(c.fd))
	if !done {
		return
	}
	if err == nil {
		err = l.register(c, false, false)
	}
	if err != nil {
		c.failDial(err)
		return
	}
	g := c.aux.dial
	g.times.Connect = l.elapsed(c)
	l.dials.connect.Observe(g.times.Connect)
	l.startTiming(c)
	if g.dialer.TLS == nil {
		l.sendRequest(c)
	} else if err := l.startClientTLS(c); err != nil {
		c.failDial(err)
	}
}

// ask sends the request.
func (l *Loop) sendRequest(c *Conn) {
	g := c.aux.dial
	c.phase = phaseAnswer
	l.setDeadline(c, g.dialer.upgradeTimeout())
	var err error
	if g.answer, err = upgrade.NewClient(g.dialer.request()); err != nil {
		c.failDial(err)
		return
	}
	l.queueControl(c, func(dst []byte) []byte { return append(dst, g.answer.Request()...) })
}

// answered goes on with the response.
func (l *Loop) readResponse(c *Conn, b []byte) {
	if c.has(flagDead) {
		return
	}
	switch done, err := c.aux.dial.answer.Read(b); {
	case err != nil:
		c.failDial(err)
	case done:
		l.openDialed(c)
	}
}

// dialed makes c an open connection.
func (l *Loop) openDialed(c *Conn) {
	g := c.aux.dial
	g.times.Upgrade = l.elapsed(c)
	l.dialFinished(g)
	l.enterOpen(c)
	if c.aux.dial = nil; c.phase == phaseOpen {
		c.aux = nil
	}
	g.answer.Rest(func(b []byte) { l.frames(c, b) })
}

// Dialed is how the connection came about. It may be called in OnOpen; afterwards, and on a
// server, it is zero.
func (c *Conn) Dialed() Dialed {
	if c.aux == nil || c.aux.dial == nil {
		return Dialed{}
	}
	g := c.aux.dial
	return Dialed{DialTimes: g.times, Dialer: g.dialer, Subprotocol: g.answer.Subprotocol()}
}

// dialing is the dial of a connection that is not open yet, or nil.
func (c *Conn) dialAttempt() *dialAttempt {
	if c.aux == nil || c.has(flagOpened) {
		return nil
	}
	return c.aux.dial
}

// failDial gives up a connection that is being dialed.
func (c *Conn) failDial(err error) {
	if g := c.dialAttempt(); g != nil && g.err == nil {
		g.err = err
	}
	c.fail(err)
}

// dialEOF is the end of what the server sends to c, which is not open yet. The response may
// have told enough.
func (c *Conn) dialEOF(err error) {
	if a := c.aux.dial.answer; a != nil {
		err = cmp.Or(a.End(err), err)
	}
	c.failDial(err)
}

// dialTimeout is the end of a phase's time.
func (c *Conn) dialTimeout() {
	c.dialEOF(fmt.Errorf("the server took too long: %w", os.ErrDeadlineExceeded))
}

var errEarlyEnd = fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)

// notifyDialFailed tells the application that the dial of c came to nothing.
func (l *Loop) notifyDialFailed(c *Conn) {
	g := c.dialAttempt()
	if g == nil {
		return
	}
	c.set(flagNotified)
	again := c.phase == phaseConnect && l.fallBack(g)
	l.dialFinished(g)
	if again {
		return
	}
	phase := DialConnect
	switch c.phase {
	case phaseTLS:
		phase = DialTLS
	case phaseAnswer:
		phase = DialUpgrade
	}
	l.dialFailed(g, phase)
}

// fallBack queues g again for the next address of the server, in front of the dials that wait. It returns false when
// there is no further address, or the client is being closed.
func (l *Loop) fallBack(g *dialAttempt) bool {
	addr, tried, ok := g.dialer.next(g.tried)
	return ok && l.dials.pushFront(&dialAttempt{
		dialer: g.dialer, addr: addr, tried: tried, context: g.context,
		posted: g.posted, times: DialTimes{Queue: g.times.Queue},
	})
}

func (l *Loop) dialFailed(g *dialAttempt, phase DialPhase) {
	l.dials.failed.Add(1)
	f := l.server.client.OnDialError
	if f == nil {
		return
	}
	defer l.recoverTaskPanic()
	f(&DialError{Dialer: g.dialer, Addr: g.addr, Context: g.context, Loop: l, Phase: phase, Times: g.times, Err: g.err})
}

// land notes that g is not in flight any more.
func (l *Loop) dialFinished(g *dialAttempt) {
	if !g.over {
		g.over = true
		if l.dials.release() {
			l.Do(l.startDials)
		}
	}
}

// endDials gives up the dials that wait and those in flight.
func (l *Loop) endDials() {
	for _, g := range l.dials.close() {
		g.err = ErrClientClosed
		l.dialFailed(g, DialQueue)
	}
	l.server.slab.each(l, func(c *Conn) {
		if c.dialAttempt() != nil {
			c.failDial(ErrClientClosed)
		}
	})
}

//go:build !windows

package netpoll

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/netpoll/upgrade"
)

// The dials of a loop wait in its dialQueue; at most MaxDials are in flight, each a slot like any other, with its
// dialAttempt in aux. A dial goes through three phases before phaseOpen:
//
//	phaseConnect    the kernel connects; the socket is writable when it is done
//	phaseDialTLS    the TLS handshake, if there is TLS
//	phaseResponse   the request is sent and the response is read
//
// Every dial that was accepted ends with one call of OnOpen or of OnDialError.

// dialAttempt is one dial, until OnOpen or OnDialError.
type dialAttempt struct {
	dialer   *Dialer
	addr     netip.AddrPort // that is tried now
	tried    int            // addresses of Dialer.Fallback that were tried or left out
	context  any
	posted   time.Duration // the clock at Dial
	times    DialTimes
	answer   *upgrade.Client
	err      error // why it failed
	finished bool  // no longer in flight
}

// stop ends the coroutine that reads the response, if it has been started.
func (g *dialAttempt) stop() {
	if g.answer != nil {
		g.answer.Close()
	}
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
	schedule, err := l.dials.push(&dialAttempt{
		dialer: d, addr: d.Addr, context: context, posted: l.engine.clock(),
	})
	if schedule {
		l.Do(l.startDials)
	}
	return err
}

// startDials starts as many dials as may be in flight. At most limit dials fail at once in one turn.
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

// startDial is phaseConnect of a new connection.
func (l *Loop) startDial(g *dialAttempt) {
	g.times.Queue = cmp.Or(g.times.Queue, l.engine.clock()-g.posted)
	fd, err := connectSocket(g.dialer.Local, g.addr)
	if err != nil {
		if g.err = err; !l.fallBack(g) {
			l.notifyDialError(g, DialConnect)
		}
		return
	}
	c := l.take(parcel{fd: fd, context: g.context})
	if c == nil { // the limit of open files was raised since Start
		_ = unix.Close(fd)
		g.err = os.NewSyscallError("socket", unix.EMFILE)
		l.notifyDialError(g, DialConnect)
		return
	}
	l.dials.inFlight.Add(1)
	l.engine.conns.Add(1)
	l.enter(c, phaseConnect)
	c.rare().dial = g
	l.startTiming(c)
	c.set(flagArmed)
	l.scratch.FD = fd
	if err := l.poller.AddReadWrite(&l.scratch, edgeTriggered); err != nil {
		c.fail(err)
	}
	l.setDeadline(c, g.dialer.connectTimeout())
}

// finishConnect is the writable event of phaseConnect: the TCP connect has succeeded or failed.
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
		c.fail(err)
		return
	}
	g := c.aux.dial
	g.times.Connect = l.elapsed(c)
	l.dials.connect.Observe(g.times.Connect)
	l.startTiming(c)
	if g.dialer.TLS == nil {
		l.sendRequest(c)
	} else if err := l.startClientTLS(c); err != nil {
		c.fail(err)
	}
}

// dialSecured follows the TLS handshake.
func (l *Loop) dialSecured(c *Conn) {
	c.aux.dial.times.TLS = l.elapsed(c)
	l.observeTLS(c)
	l.sendRequest(c)
}

// sendRequest sends the upgrade request and begins phaseResponse.
func (l *Loop) sendRequest(c *Conn) {
	g := c.aux.dial
	l.enter(c, phaseResponse)
	l.setDeadline(c, g.dialer.upgradeTimeout())
	var err error
	if g.answer, err = upgrade.NewClient(g.dialer.request()); err != nil {
		c.fail(err)
		return
	}
	l.queueControl(c, func(dst []byte) []byte { return append(dst, g.answer.Request()...) })
}

// readResponse parses the next part of the response.
func (l *Loop) readResponse(c *Conn, b []byte) {
	if c.has(flagDead) {
		return
	}
	switch done, err := c.aux.dial.answer.Read(b); {
	case err != nil:
		c.fail(err)
	case done:
		l.openDialed(c)
	}
}

// openDialed opens c, whose request was accepted.
func (l *Loop) openDialed(c *Conn) {
	g := c.aux.dial
	g.times.Upgrade = l.elapsed(c)
	l.releaseDial(g)
	l.enterOpen(c)
	if c.aux.dial = nil; c.open() {
		c.aux = nil
	}
	g.answer.Rest(func(b []byte) { l.frames(c, b) })
}

// Dialed returns the times and the subprotocol of the dial that opened c. It may be called in OnOpen; afterwards, and on
// a server, it returns the zero value.
func (c *Conn) Dialed() Dialed {
	if c.aux == nil || c.aux.dial == nil {
		return Dialed{}
	}
	g := c.aux.dial
	return Dialed{DialTimes: g.times, Dialer: g.dialer, Subprotocol: g.answer.Subprotocol()}
}

var (
	errEarlyEnd    = fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)
	errDialTimeout = fmt.Errorf("the server took too long: %w", os.ErrDeadlineExceeded)
)

// dialEOF ends a dial whose server has closed the connection.
func (c *Conn) dialEOF() { c.endResponse(errEarlyEnd) }

// dialTimeout ends a dial of which one phase has taken too long.
func (l *Loop) dialTimeout(c *Conn) { c.endResponse(errDialTimeout) }

// endResponse ends a dial whose response is not read any further. The part of the response that has arrived may give a
// better reason than err.
func (c *Conn) endResponse(err error) {
	if a := c.aux.dial.answer; a != nil {
		err = cmp.Or(a.End(err), err)
	}
	c.fail(err)
}

// dialFailed records the first error of a dial.
func (c *Conn) dialFailed(err error) {
	if g := c.aux.dial; g.err == nil {
		g.err = err
	}
}

// finishFailedDial tries the next address of the server, or reports that the dial of c has failed.
func (l *Loop) finishFailedDial(c *Conn) {
	g, phase := c.aux.dial, c.row().dial
	again := phase == DialConnect && l.fallBack(g)
	l.releaseDial(g)
	if !again {
		l.notifyDialError(g, phase)
	}
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

// notifyDialError calls OnDialError.
func (l *Loop) notifyDialError(g *dialAttempt, phase DialPhase) {
	l.dials.failed.Add(1)
	f := l.dials.onError
	if f == nil {
		return
	}
	defer l.recoverTaskPanic()
	f(&DialError{Dialer: g.dialer, Addr: g.addr, Context: g.context, Loop: l, Phase: phase, Times: g.times, Err: g.err})
}

// releaseDial counts g as no longer in flight.
func (l *Loop) releaseDial(g *dialAttempt) {
	if !g.finished {
		g.finished = true
		if l.dials.release() {
			l.Do(l.startDials)
		}
	}
}

// endDials fails the dials that wait and those in flight.
func (l *Loop) endDials() {
	for _, g := range l.dials.close() {
		g.err = ErrClientClosed
		l.notifyDialError(g, DialQueue)
	}
	l.engine.slab.each(l, func(c *Conn) {
		if c.row().dial != "" {
			c.fail(ErrClientClosed)
		}
	})
}

//go:build !windows

package netpoll

import (
	"time"

	"github.com/throngd/throng/frame"
)

// phase is the part of its life that a connection is in. What its loop does with the connection stands in one row of
// phaseTable, so a further phase is a constant here, a row there, and a file with the functions that the row names.
type phase uint8

const (
	phaseFree     phase = iota // the slot is not used
	phaseProxy                 // reading the PROXY header
	phaseHello                 // reading the ClientHello
	phaseTLS                   // the TLS handshake of a connection that was accepted
	phaseHeader                // reading the upgrade request
	phaseDeciding              // the application decides about the upgrade request, see decision.go
	phaseConnect               // dialing: the TCP connect
	phaseDialTLS               // dialing: the TLS handshake
	phaseResponse              // dialing: reading the response to the upgrade request
	phaseOpen                  // frames
	phaseClosing               // our close frame is queued or sent; the peer's is awaited
	phaseLinger                // nothing more is read or sent; the peer's FIN is awaited
	numPhases
)

// phaseRow is what a loop does with a connection in one phase. Everything runs on the loop.
type phaseRow struct {
	name string
	// wait is the list in which the connection stands for displacement, see waiting.go.
	wait wait
	// dial is the phase of a dial in a DialError; empty for a connection that was accepted or is open.
	dial DialPhase
	// data takes the bytes that were received: the plaintext where there is TLS, or the bytes of the socket if raw is
	// set. The bytes are borrowed.
	data func(l *Loop, c *Conn, b []byte)
	raw  bool
	// writable follows EPOLLOUT. Nil writes the outbox.
	writable func(l *Loop, c *Conn)
	// written follows when the kernel has taken the whole outbox. Nil does nothing.
	written func(l *Loop, c *Conn)
	// secured follows a successful TLS handshake. It is set in the phases of a TLS handshake only.
	secured func(l *Loop, c *Conn)
	// deadline follows when the time that enter or setDeadline gave is over.
	deadline func(l *Loop, c *Conn)
	// eof follows the peer's FIN, or the end of its TLS session. Nil fails the connection.
	eof func(c *Conn)
	// failed records why the connection fails, once. Nil records nothing.
	failed func(c *Conn, err error)
	// closeNow ends the connection for a fault, without waiting for an answer. Nil fails the connection.
	closeNow func(c *Conn, e CloseEvent)
	// leave gives back what belongs to the phase, when the phase changes or the slot is freed. Nil does nothing.
	leave func(l *Loop, c *Conn)
}

// phaseTable returns the rows. It is a function because the functions of the rows read the table: a variable would be
// initialised in a circle.
func phaseTable() *[numPhases]phaseRow {
	return &[numPhases]phaseRow{
		phaseFree: {name: "free"},
		phaseProxy: {
			name: "PROXY header", wait: waitFirst, raw: true,
			data: (*Loop).readProxyHeader, deadline: (*Loop).proxyHeaderTimeout,
		},
		phaseHello: {
			name: "ClientHello", wait: waitFirst, raw: true,
			data: (*Loop).readHello, deadline: (*Loop).helloTimeout,
		},
		phaseTLS: {
			name: "TLS handshake", wait: waitTLSHandshake, raw: true,
			data: (*Loop).feedHandshake, secured: (*Loop).startRequest, deadline: (*Loop).tlsHandshakeTimeout,
		},
		phaseHeader: {
			name: "upgrade request", wait: waitFirst,
			data: (*Loop).readRequest, deadline: (*Loop).requestTimeout, closeNow: (*Conn).answerInternalError,
		},
		phaseDeciding: {
			name: "decision", data: (*Loop).keepEarly, deadline: (*Loop).decisionTimeout, closeNow: (*Conn).answerInternalError,
			leave: (*Loop).endDecision,
		},
		phaseConnect: {
			name: "TCP connect", dial: DialConnect, writable: (*Loop).finishConnect,
			data: (*Loop).discardData, deadline: (*Loop).dialTimeout, eof: (*Conn).dialEOF, failed: (*Conn).dialFailed,
		},
		phaseDialTLS: {
			name: "TLS handshake of a dial", dial: DialTLS, raw: true,
			data: (*Loop).feedHandshake, secured: (*Loop).dialSecured,
			deadline: (*Loop).dialTimeout, eof: (*Conn).dialEOF, failed: (*Conn).dialFailed,
		},
		phaseResponse: {
			name: "response", dial: DialUpgrade,
			data: (*Loop).readResponse, deadline: (*Loop).dialTimeout, eof: (*Conn).dialEOF, failed: (*Conn).dialFailed,
		},
		phaseOpen: { // read, flush and the timer branch to it directly
			name: "open", data: (*Loop).frames, deadline: (*Loop).openDeadline,
			failed: (*Conn).closedAbnormally, closeNow: (*Conn).sendLastClose,
		},
		phaseClosing: {
			name: "closing handshake", data: (*Loop).frames, deadline: (*Loop).closeDeadline,
			written: (*Loop).startCloseTimer, closeNow: (*Conn).lingerNow,
		},
		phaseLinger: {
			name: "lingering", wait: waitFirst, data: (*Loop).discardData, deadline: (*Loop).closeDeadline,
			written: (*Loop).shutdownWrite, closeNow: func(*Conn, CloseEvent) {},
		},
	}
}

// row returns the row of c's phase.
func (c *Conn) row() *phaseRow { return &c.loop.phases[c.phase] }

// opening reports whether c was accepted and has no answer to its request yet.
func (c *Conn) opening() bool { return c.phase > phaseFree && c.phase < phaseConnect }

// open reports whether messages may be queued for c.
func (c *Conn) open() bool { return c.phase == phaseOpen }

// live reports whether c is open and its socket has not failed in this turn.
func (c *Conn) live() bool { return c.phase == phaseOpen && !c.has(flagDead) }

// ending reports whether a close frame, or a response that ends the connection, has been queued: nothing may follow it
// (RFC 6455, 5.5.1).
func (c *Conn) ending() bool { return c.phase > phaseOpen }

// awaitsRequest reports whether the upgrade request is read.
func (c *Conn) awaitsRequest() bool { return c.phase == phaseHeader }

// closing reports whether the peer's close frame is awaited.
func (c *Conn) closing() bool { return c.phase == phaseClosing }

// lingering reports whether nothing that the peer sends is read any more.
func (c *Conn) lingering() bool { return c.phase == phaseLinger }

// enter changes the phase of c. The caller sets the deadline.
func (l *Loop) enter(c *Conn, p phase) {
	was := c.waitKind()
	if leave := c.row().leave; leave != nil {
		leave(l, c)
	}
	c.phase = p
	l.refreshOldest(was)
}

// setDeadline has the row's deadline called when d is over, rounded up to a tick. The phase may have changed by then.
func (l *Loop) setDeadline(c *Conn, d time.Duration) {
	c.due = l.wheel.now + l.engine.ticksOf(d) + 1
	l.schedule(c, c.due)
}

// dispatch hands received bytes to the phase of c.
func (l *Loop) dispatch(c *Conn, b []byte) {
	l.slice = readSlice{}
	if c.tls != nil && !c.row().raw {
		l.decrypt(c, b)
		return
	}
	l.dispatchPlain(c, b)
}

func (l *Loop) dispatchPlain(c *Conn, b []byte) {
	if c.phase == phaseOpen {
		l.frames(c, b)
		return
	}
	c.row().data(l, c, b)
}

// discardData is the data of a phase in which bytes of the peer are ignored.
func (l *Loop) discardData(*Conn, []byte) {}

// fail gives the socket up: it is closed at the end of the turn. An open connection gets 1006 in OnClose.
func (c *Conn) fail(err error) {
	if c.has(flagDead) {
		return
	}
	c.set(flagDead)
	if f := c.row().failed; f != nil {
		f(c, err)
	}
	c.loop.queueEnd(c)
}

// failEOF is fail for the peer's FIN, or the end of its TLS session; err describes it.
func (c *Conn) failEOF(err error) {
	if f := c.row().eof; f != nil {
		f(c)
		return
	}
	c.fail(err)
}

// closeNow ends the connection for a fault: nothing more is read, and no answer is waited for.
func (c *Conn) closeNow(code frame.CloseCode, reason string, err error) {
	if f := c.row().closeNow; f != nil {
		f(c, CloseEvent{Code: code, Reason: reason, Err: err})
		return
	}
	c.fail(err)
}

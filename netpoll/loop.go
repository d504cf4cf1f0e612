//go:build !windows

package netpoll

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	gnetpoll "github.com/panjf2000/gnet/v2/pkg/netpoll"
	"github.com/panjf2000/gnet/v2/pkg/queue"

	errorx "github.com/panjf2000/gnet/v2/pkg/errors"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll/upgrade"
)

// Loop is one event loop: a goroutine, a poller, and the connections that it owns. Other goroutines may only call
// Index, Post, Do, Dial, NewBatch, QueuedBytes and Lag.
type Loop struct {
	engine  *engine
	server  *Server // nil on a client
	index   int
	poller  *gnetpoll.Poller
	scratch gnetpoll.PollAttachment // the default poller reads only its FD: one serves all

	phases *[numPhases]phaseRow

	listener int  // -1 when closed
	parked   bool // accepting pauses: the poller does not report the listener

	closed atomic.Bool
	wakers atomic.Int32 // goroutines that are about to write to the waker

	waker  waker
	woken  atomic.Bool // the waker has been written and its event not been handled
	yield  bool        // a producer runs before the next wait, see Yield
	tasks  queue.AsyncTaskQueue
	queued atomic.Int64 // bytes posted and not part of a broadcast yet
	held   atomic.Int64 // connections, those on their way to the loop included

	waiting [numWaits]waitlist // connections whose first request has not come

	wheel    wheel
	ticking  atomic.Bool // a tick has been triggered and not been handled
	counters counters

	lag lag

	dials *dialQueue // nil on a server

	upgrader *upgrade.Upgrader
	request  Request        // the request that is being checked
	configs  []frame.Config // by endpoint
	pool     frame.Pool     // of all decoders
	pings    [][]byte       // by endpoint

	readBuf      []byte
	tls          *tlsScratch // nil on a plain server
	slice        readSlice
	inflated     bool // the message that OnMessage was called with
	remainders   remainders
	denied       []int32 // descriptors, see deny.go
	response     []byte
	vector       [][]byte
	freeOutboxes []*outbox
	dirty        []*Conn  // have bytes for the end of the turn
	ending       []*Conn  // their end goes on at the end of the turn
	drained      []Handle // OnDrain follows at the end of the turn
	owing        []*Conn  // have a backlog

	grown     bool          // backlogs need more memory than at the last look, see shed.go
	pressed   bool          // more than half of MaxBacklogMemory is used
	relieveAt time.Duration // clock from which on stalled connections are looked for again

	fanout  fanout
	timers  connTimers
	stopped bool
}

const readBufSize = 64 << 10

func newLoop(e *engine, index int) (*Loop, error) {
	l := &Loop{
		engine: e, index: index, listener: -1, phases: phaseTable(),
		tasks:   queue.NewLockFreeQueue(),
		readBuf: make([]byte, readBufSize),
	}
	for w := range l.waiting {
		l.waiting[w].oldest.Store(noneWaiting)
	}
	for _, p := range e.endpoints {
		l.configs = append(l.configs, frame.Config{Client: e.client, MaxMessage: p.MaxMessage, MaxFragments: e.MaxFragments, Pool: &l.pool})
	}
	if err := l.fanout.init(l); err != nil {
		return nil, err
	}
	l.preparePings()
	var err error
	if l.poller, err = gnetpoll.OpenPoller(); err != nil {
		return nil, err
	}
	if l.waker, err = newWaker(); err != nil {
		_ = l.poller.Close()
		return nil, err
	}
	if err = l.poller.AddRead(&gnetpoll.PollAttachment{FD: l.waker.fd}, true); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// Index returns the number of the loop, from 0. Any goroutine may call it.
func (l *Loop) Index() int { return l.index }

// run polls until the engine stops the loop.
func (l *Loop) run() error {
	l.counters.ticked.Store(int64(l.engine.clock()))
	err := l.poller.Polling(l.event)
	if l.dials != nil {
		l.endDials()
	}
	l.closeAll()
	return err
}

// closeAll closes all connections without a closing handshake.
func (l *Loop) closeAll() {
	l.engine.slab.each(l, func(c *Conn) {
		c.fail(l.engine.closed)
		l.endTurn()
	})
}

// event is one turn of the loop: the poller reports the descriptor fd.
func (l *Loop) event(fd int, ev gnetpoll.IOEvent, flags gnetpoll.IOFlags) error {
	weight, began := l.beginTurn(fd)
	switch fd {
	case l.waker.fd:
		l.mailbox()
	case l.listener:
		l.accept()
		l.endTurn()
	default:
		l.ready(fd, ev, flags)
	}
	l.finishTurn(weight, began)
	if l.stopped {
		return errorx.ErrEngineShutdown
	}
	return nil
}

// ready handles an event of a connection's socket. The owner of the slot is checked before anything else: the event of
// a descriptor that was closed and opened again in the same batch of events finds a slot that is free, the slot of
// another loop, or a socket with nothing to read.
func (l *Loop) ready(fd int, ev gnetpoll.IOEvent, flags gnetpoll.IOFlags) {
	c := l.ownedConn(fd)
	if c == nil { // an event of the descriptor's previous socket
		return
	}
	h := c.Handle()
	if gnetpoll.IsWriteEvent(ev) {
		l.writable(c)
	}
	// An error flag alone closes nothing: the read returns the error.
	if gnetpoll.IsReadEvent(ev) || gnetpoll.IsErrorEvent(ev, flags) {
		if more := l.read(c, ev); more && l.owns(h) {
			l.rearm(c)
		}
	}
	l.endTurn()
}

// endTurn sends the bytes that were queued in the turn and handles the connections that end. Their callbacks may queue
// more.
func (l *Loop) endTurn() {
	l.counters.publish() // before a peer can see the effect of a counted event
	l.flushTurn()
	if (l.grown || l.pressed) && l.relieve() {
		l.flushTurn()
	}
}

func (l *Loop) flushTurn() {
	for len(l.dirty) > 0 || len(l.ending) > 0 || len(l.drained) > 0 {
		l.flushDirty()
		l.tellDrained()
		l.processEnding()
		l.counters.publish()
	}
}

// lookup returns the connection that h names, or nil if it is gone or owned by another loop.
func (l *Loop) lookup(h Handle) *Conn {
	c := l.engine.slab.slot(h.fd())
	if c == nil {
		return nil
	}
	if o := owner(c.owner.Load()); !o.ownedBy(l) || o.gen() != h.gen() {
		return nil
	}
	return c
}

// owns reports whether the connection that h names is l's. Handling a request may send the connection to another loop
// or to net/http. Its slot then belongs to another goroutine, and may even come back as another connection, so code
// that goes on with the slot checks a handle from before.
func (l *Loop) owns(h Handle) bool { return l.lookup(h) != nil }

// ownedConn returns the connection that has the descriptor fd now, or nil if there is none or another loop owns it.
func (l *Loop) ownedConn(fd int) *Conn {
	if c := l.engine.slab.slot(fd); c != nil && owner(c.owner.Load()).ownedBy(l) {
		return c
	}
	return nil
}

// connAt returns the connection with descriptor fd, which must belong to l.
func (l *Loop) connAt(fd int32) *Conn { return l.engine.slab.slot(int(fd)) }

// recoverPanic is deferred around callbacks: a panic closes the connection h, if l still owns it, and nothing else.
func (l *Loop) recoverPanic(h Handle) {
	if r := recover(); r != nil {
		l.reportPanic(r)
		if c := l.lookup(h); c != nil {
			c.closeNow(frame.CloseInternal, "internal error", ErrPanic)
		}
	}
}

// recoverTaskPanic is recoverPanic for a function that belongs to no connection.
func (l *Loop) recoverTaskPanic() {
	if r := recover(); r != nil {
		l.reportPanic(r)
	}
}

func (l *Loop) reportPanic(r any) {
	l.engine.panics.Add(1)
	l.engine.report(fmt.Errorf("panic in a callback: %v\n%s", r, debug.Stack()))
}

// close frees what the loop holds. No loop may be running any more.
func (l *Loop) close() {
	l.closeAll() // connections that another loop sent after this one had ended
	l.closed.Store(true)
	for l.wakers.Load() > 0 {
		runtime.Gosched()
	}
	l.closeListener()
	l.waker.close()
	_ = l.poller.Close()
}

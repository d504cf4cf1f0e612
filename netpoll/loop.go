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

// Loop is one event loop: one goroutine, one poller, and every connection that it accepted or
// dialed. Apart from Index, Post, Do, Dial, NewBatch and QueuedBytes nothing of it may be
// touched by another goroutine.
type Loop struct {
	engine  *engine
	server  *Server // whose connections are accepted; nil on a client
	index   int
	poller  *gnetpoll.Poller
	scratch gnetpoll.PollAttachment // the default poller reads only its FD: one serves all

	phases *[numPhases]phaseRow

	listener int  // -1 when closed
	parked   bool // accepting shouldPause for want of descriptors

	closed atomic.Bool
	wakers atomic.Int32 // goroutines that are about to write to the waker

	waker  waker
	woken  atomic.Bool // the waker has been written and its event not been handled
	yield  bool        // a producer is to run before the next wait, see Yield
	tasks  queue.AsyncTaskQueue
	queued atomic.Int64 // bytes posted and not part of a broadcast yet
	held   atomic.Int64 // connections

	waiting [numWaits]waitlist // connections whose first request has not come

	wheel    wheel
	ticking  atomic.Bool // a tick has been triggered and not been handled
	counters counters

	lag lag

	dials *dialQueue // nil on a server

	upgrader *upgrade.Upgrader
	request  Request        // that is being decided
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
	ending       []*Conn  // their phase changed: settled at the end of the turn
	drained      []Handle // have taken most of what they were sent: told at the end of the turn
	owing        []*Conn  // have a backlog

	grown     bool          // backlogs need more memory than at the last look, see shed.go
	pressed   bool          // more than half of MaxBacklogMemory is used
	relieveAt time.Duration // the server's clock from which on stalled connections are looked for again

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

// Index is the loop's number, from 0. Any goroutine may call it.
func (l *Loop) Index() int { return l.index }

// run polls until the server stops the loop.
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

// event is one turn: something happened on fd.
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

// ready serves a connection's socket. The slot's owner is checked before anything else: an
// event of a descriptor that was closed and handed out again in the same batch finds a slot
// of another loop, one that another loop has just given, or a socket with nothing to read.
func (l *Loop) ready(fd int, ev gnetpoll.IOEvent, flags gnetpoll.IOFlags) {
	c := l.ownedConn(fd)
	if c == nil { // the event was of the socket that had the number before
		return
	}
	h := c.Handle()
	if gnetpoll.IsWriteEvent(ev) {
		l.writable(c)
	}
	// An error flag never closes by itself: the read decides.
	if gnetpoll.IsReadEvent(ev) || gnetpoll.IsErrorEvent(ev, flags) {
		if more := l.read(c, ev); more && l.owns(h) {
			l.rearm(c)
		}
	}
	l.endTurn()
}

// endTurn sends what the turn has laid out and settles the connections whose phase changed.
// Callbacks of the latter may lay out more.
func (l *Loop) endTurn() {
	l.counters.publish() // before anybody can have heard of it
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

// lookup returns the connection h names if it is still there and belongs to l.
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

// owns reports whether the connection that h names is l's. What reads the request of a connection may give the
// connection away, to another loop or to net/http: its slot is another goroutine's from then on, and may even come back as
// another connection. So whoever goes on with a slot after that asks first, with a handle from before.
func (l *Loop) owns(h Handle) bool { return l.lookup(h) != nil }

// mine returns the connection that has the descriptor fd now, or nil if that is none or another
// loop's.
func (l *Loop) ownedConn(fd int) *Conn {
	if c := l.engine.slab.slot(fd); c != nil && owner(c.owner.Load()).ownedBy(l) {
		return c
	}
	return nil
}

// at returns the connection with descriptor fd, which must belong to l.
func (l *Loop) connAt(fd int32) *Conn { return l.engine.slab.slot(int(fd)) }

// recoverPanic is deferred around callbacks: a panic costs the connection h, if l still owns it, and nothing else.
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
	l.closeAll() // what another loop gave when this one had ended
	l.closed.Store(true)
	for l.wakers.Load() > 0 {
		runtime.Gosched()
	}
	l.closeListener()
	l.waker.close()
	_ = l.poller.Close()
}

package room

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// mailbox is the way into a shard: a queue of many producers and one consumer
// without a lock (D. Vyukov's linked list: a producer swaps itself in as the
// tail, then links its predecessor to itself). It keeps the order of each
// producer. Nodes are pooled, so that a command costs no allocation.
//
// Commands are counted and bounded; what the log answers is not refused, since
// it is bounded by what was asked. Only the log's feed of messages has a bound
// of its own (see remote).
type mailbox struct {
	tail  atomic.Pointer[node]
	_     [56]byte // producers and the consumer on cache lines of their own
	head  *node    // consumer only: the node taken last
	_     [56]byte
	state atomic.Int64 // admitted and not yet taken: commands, in units of leaves what is never refused; closedBit
	sleep atomic.Bool  // the consumer waits for wake
	wake  chan struct{}
	max   int64
	pool  sync.Pool
}

const (
	closedBit = 1 << 62
	leaves    = 1 << 32 // weight of a leave and of a departure
)

// weight is what a command counts in the state.
func weight(o Op) int64 {
	if o == Leave {
		return leaves
	}
	return 1
}

// node is one entry. Exactly one of its uses is set, as kind says.
type node struct {
	next   atomic.Pointer[node]
	kind   nodeKind
	cmd    Command      // command
	token  uint64       // appended, found
	stored Stored       // appended
	result Result       // found
	room   string       // message, lost
	pub    *Publication // message
	call   func()       // call

	departure departure // departed
}

type nodeKind uint8

const (
	command nodeKind = iota
	appended
	found
	message
	lost
	call
	departed
)

func newMailbox(max int) *mailbox {
	m := &mailbox{max: int64(max), wake: make(chan struct{}, 1)}
	m.pool.New = func() any { return new(node) }
	m.head = new(node)
	m.tail.Store(m.head)
	return m
}

func (m *mailbox) node() *node { return m.pool.Get().(*node) }

// admit reserves a place for one command; whoever got it must put. Leaves are
// not counted against the bound, and not refused for it.
func (m *mailbox) admit(weight int64) error {
	switch n := m.state.Add(weight); {
	case n&closedBit != 0:
		return m.refuse(weight, ErrClosed)
	case weight == 1 && n%leaves > m.max:
		return m.refuse(weight, ErrBusy)
	}
	return nil
}

// refuse takes the reservation back. The consumer may have seen it and gone to
// sleep over it while closing.
func (m *mailbox) refuse(weight int64, err error) error {
	m.state.Add(-weight)
	m.rouse()
	return err
}

// put appends n and wakes the consumer if it sleeps.
func (m *mailbox) put(n *node) {
	m.tail.Swap(n).next.Store(n)
	m.rouse()
}

func (m *mailbox) rouse() {
	if m.sleep.Load() && m.sleep.CompareAndSwap(true, false) {
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
}

// take returns the next node, nil if there is none. The node is valid until the
// next call. Consumer only.
func (m *mailbox) take() *node {
	n := m.head.next.Load()
	if n == nil {
		return nil
	}
	old := m.head
	m.head = n // its predecessor's producer is done with it: next was set
	old.next.Store(nil)
	m.pool.Put(old)
	switch n.kind {
	case command:
		m.state.Add(-weight(n.cmd.Op))
	case departed:
		m.state.Add(-leaves)
	}
	return n
}

// forget drops what n refers to, so that the last node taken holds nothing.
func (n *node) forget() {
	switch n.kind {
	case command:
		n.cmd = Command{}
	case found:
		n.result = Result{}
	case message:
		n.pub, n.room = nil, ""
	case departed:
		n.departure = departure{}
	default:
		n.stored, n.room, n.call = Stored{}, "", nil
	}
}

// empty says whether there is nothing to take and nothing being put.
func (m *mailbox) empty() bool {
	for m.head.next.Load() == nil {
		if m.tail.Load() == m.head {
			return true
		}
		runtime.Gosched() // a producer is between its two steps
	}
	return false
}

// close refuses all further commands.
func (m *mailbox) close() {
	m.state.Or(closedBit)
	m.rouse()
}

func (m *mailbox) closed() bool { return m.state.Load()&closedBit != 0 }

// finished: closed, and every command that was admitted has been taken.
func (m *mailbox) finished() bool { return m.state.Load() == closedBit }

func (m *mailbox) waiting() int64 { return m.state.Load() &^ closedBit % leaves }

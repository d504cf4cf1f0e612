package room

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// mailbox is the queue of a shard, with many producers and one consumer and
// without a lock. It is D. Vyukov's linked list: a producer swaps its node in as
// the tail, then links the node before it. It keeps the order of each producer.
// Nodes are pooled, so a command needs no allocation.
//
// Commands are counted and bounded. Answers of the log are not, since there are
// no more of them than commands. The messages of a log have a bound of their own
// (feedBound).
type mailbox struct {
	tail  atomic.Pointer[node]
	_     [56]byte // producers and consumer use different cache lines
	head  *node    // of the consumer: the node taken last
	_     [56]byte
	state atomic.Int64 // commands admitted and not yet taken, plus leaveWeight for each leave, plus closedBit
	sleep atomic.Bool  // the consumer waits on wake
	wake  chan struct{}
	max   int64
	pool  sync.Pool
}

const (
	closedBit   = 1 << 62
	leaveWeight = 1 << 32 // weight of an entry that is never refused
)

// weight returns what a command adds to the state.
func weight(o Op) int64 {
	if o == Leave {
		return leaveWeight
	}
	return 1
}

// node is one entry. kind tells which fields are set.
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

	leave leaveAll // leaving
}

type nodeKind uint8

const (
	command nodeKind = iota
	appended
	found
	message
	lost
	call
	leaving
)

func newMailbox(max int) *mailbox {
	m := &mailbox{max: int64(max), wake: make(chan struct{}, 1)}
	m.pool.New = func() any { return new(node) }
	m.head = new(node)
	m.tail.Store(m.head)
	return m
}

func (m *mailbox) node() *node { return m.pool.Get().(*node) }

// admit reserves a place for one entry. After nil the caller must put one. Only
// an entry of weight 1 counts against the bound.
func (m *mailbox) admit(weight int64) error {
	switch n := m.state.Add(weight); {
	case n&closedBit != 0:
		return m.refuse(weight, ErrClosed)
	case weight == 1 && n%leaveWeight > m.max:
		return m.refuse(weight, ErrBusy)
	}
	return nil
}

// refuse takes the reservation back. It wakes a consumer that is closing and has
// gone to sleep because of the reservation.
func (m *mailbox) refuse(weight int64, err error) error {
	m.state.Add(-weight)
	m.wakeUp()
	return err
}

// put appends n and wakes the consumer if it sleeps.
func (m *mailbox) put(n *node) {
	m.tail.Swap(n).next.Store(n)
	m.wakeUp()
}

func (m *mailbox) wakeUp() {
	if m.sleep.Load() && m.sleep.CompareAndSwap(true, false) {
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
}

// take returns the next node, nil if there is none. The node is valid until the
// next call. Only the consumer calls it.
func (m *mailbox) take() *node {
	n := m.head.next.Load()
	if n == nil {
		return nil
	}
	old := m.head
	m.head = n // the producer has set next and is done with old
	old.next.Store(nil)
	m.pool.Put(old)
	switch n.kind {
	case command:
		m.state.Add(-weight(n.cmd.Op))
	case leaving:
		m.state.Add(-leaveWeight)
	}
	return n
}

// clear drops what n refers to, since the node taken last stays in memory.
func (n *node) clear() {
	switch n.kind {
	case command:
		n.cmd = Command{}
	case found:
		n.result = Result{}
	case message:
		n.pub, n.room = nil, ""
	case leaving:
		n.leave = leaveAll{}
	default:
		n.stored, n.room, n.call = Stored{}, "", nil
	}
}

// empty tells whether there is nothing to take and nothing being put.
func (m *mailbox) empty() bool {
	for m.head.next.Load() == nil {
		if m.tail.Load() == m.head {
			return true
		}
		runtime.Gosched() // a producer is between its two steps
	}
	return false
}

// close refuses all further entries that need admit.
func (m *mailbox) close() {
	m.state.Or(closedBit)
	m.wakeUp()
}

func (m *mailbox) closed() bool { return m.state.Load()&closedBit != 0 }

// finished tells whether the mailbox is closed and everything admitted was taken.
func (m *mailbox) finished() bool { return m.state.Load() == closedBit }

func (m *mailbox) waiting() int64 { return m.state.Load() &^ closedBit % leaveWeight }

//go:build !windows

package netpoll

import (
	"runtime"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/queue"
)

// The mailbox is the only way into a loop from another goroutine (crossing two in DESIGN
// section 2). It is not the poller's own Trigger queue, because that is drained until empty
// while nothing is read; this one handles a bounded batch per turn and wakes itself again.

const (
	turnTime  = time.Millisecond // of operations per turn
	timeCheck = 16               // batches between two looks at the clock
)

// NewBatch returns an empty batch. Any goroutine may call it.
func (l *Loop) NewBatch() *Batch { return l.server.batches.Get().(*Batch) }

// Post hands b over. It never blocks; the batches of one goroutine are carried out in order.
// Any goroutine may call it. After the server has closed nothing happens.
func (l *Loop) Post(b *Batch) {
	if l.closed.Load() {
		return
	}
	l.queued.Add(b.bytes)
	if b.publishes {
		b.posted = l.server.clock()
	}
	t := queue.GetTask()
	t.Param = b
	l.tasks.Enqueue(t)
	l.rouse()
}

// Do runs f on the loop, in order with the batches of the same goroutine. Any goroutine may call it.
func (l *Loop) Do(f func()) {
	b := l.NewBatch()
	b.add(op{kind: opRun, run: f})
	l.Post(b)
}

// QueuedBytes is the size of what was posted and has not been laid out for its members yet.
// Any goroutine may call it: a producer that sees it grow should refuse work.
func (l *Loop) QueuedBytes() int64 { return l.queued.Load() }

// rouse makes the loop look at its mailbox; only the first call since its last look costs a
// system call.
func (l *Loop) rouse() {
	if l.awake.Load() || !l.awake.CompareAndSwap(false, true) {
		return
	}
	l.rousing.Add(1) // close waits: the descriptor's number must not be another one's by now
	if !l.closed.Load() {
		l.waker.wake()
	}
	l.rousing.Add(-1)
}

// Yield is for a callback that has handed work to another goroutine, which will Post the outcome: the loop lets that
// goroutine run behind the reads that are ready now. Without it a loop that goes on to wait for its sockets keeps its
// processor for as long as the scheduler takes to notice, up to 20 ms, with the other goroutine on it. Only the loop may
// call it.
func (l *Loop) Yield() {
	l.yield = true
	l.rouse()
}

// mailbox is the turn in which the loop carries out what was posted, hands out what the topics
// have and goes on with what was read before.
func (l *Loop) mailbox() {
	l.waker.drain()
	if l.yield {
		l.yield = false
		runtime.Gosched() // what is posted now needs no other wake-up
	}
	l.awake.Store(false)
	more := l.takeBatches()
	l.endTurn()
	more = l.walkTopics() || more
	more = l.workOff() || more
	l.endTurn()
	if more {
		l.rouse()
	}
}

// takeBatches handles batches for at most turnTime and reports whether there may be more.
func (l *Loop) takeBatches() bool {
	start := time.Now()
	for n := 1; ; n++ {
		t := l.tasks.Dequeue()
		if t == nil {
			return false
		}
		b := t.Param.(*Batch)
		queue.PutTask(t)
		for i := range b.ops {
			l.perform(&b.ops[i], b.posted)
		}
		b.reset()
		l.server.batches.Put(b)
		if n%timeCheck == 0 && time.Since(start) > turnTime {
			return true
		}
	}
}

func (l *Loop) perform(o *op, posted time.Duration) {
	if o.kind == opPublish {
		l.publish(o.name, o.buf, posted)
		return
	}
	if o.buf != nil {
		l.queued.Add(-int64(o.buf.Len()))
	}
	if o.kind == opRun {
		l.guarded(nil, o)
		return
	}
	c := l.lookup(o.handle)
	if c == nil || c.phase != phaseOpen || c.has(flagDead) {
		return
	}
	switch o.kind {
	case opSend:
		c.SendBuffer(o.buf)
	case opSendWith:
		l.sendWith(c, o.name, o.buf)
	case opSubscribe:
		c.sendIf(o.buf)
		c.Subscribe(o.name)
	case opUnsubscribe:
		c.Unsubscribe(o.name)
		c.sendIf(o.buf)
	case opClose:
		c.Close(o.code, o.name)
	case opCall:
		l.guarded(c, o)
	}
}

// guarded runs a function of the application.
func (l *Loop) guarded(c *Conn, o *op) {
	if c == nil {
		defer l.rescueTask()
		o.run()
		return
	}
	defer l.rescue(c.Handle())
	o.call(c)
}

func (c *Conn) sendIf(b *Buffer) {
	if b != nil {
		c.SendBuffer(b)
	}
}

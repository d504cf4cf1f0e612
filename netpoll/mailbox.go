//go:build !windows

package netpoll

import (
	"runtime"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/queue"
)

// The mailbox is the only way into a loop from another goroutine. It is a queue of batches that any goroutine appends to
// and the loop empties. gnet's own queue (Poller.Trigger) would not do: the poller drains it until it is empty and reads no
// socket meanwhile. The loop handles a bounded share of the mailbox per turn and wakes itself again for the rest.

const (
	turnTime  = time.Millisecond // of operations per turn
	timeCheck = 16               // batches between two looks at the clock
)

// NewBatch returns an empty batch. Any goroutine may call it.
func (l *Loop) NewBatch() *Batch { return l.engine.batches.Get().(*Batch) }

// Post hands b over to the loop. It never blocks; the batches of one goroutine are carried out in order.
// Any goroutine may call it. After the server has closed nothing happens.
func (l *Loop) Post(b *Batch) {
	if l.closed.Load() {
		return
	}
	l.queued.Add(b.bytes)
	if b.publishes {
		b.posted = l.engine.clock()
	}
	t := queue.GetTask()
	t.Param = b
	l.tasks.Enqueue(t)
	l.wake()
}

// Do runs f on the loop, in order with the batches of the same goroutine. Any goroutine may call it.
func (l *Loop) Do(f func()) {
	b := l.NewBatch()
	b.add(op{kind: opRun, run: f})
	l.Post(b)
}

// QueuedBytes is advanced. It is the size in bytes of the messages that were posted and that the loop has not handed to their members yet.
// Any goroutine may call it: a producer that sees it grow should refuse work.
func (l *Loop) QueuedBytes() int64 { return l.queued.Load() }

// wake makes the loop look at its mailbox. Only the first call since the loop last looked costs a
// system call.
func (l *Loop) wake() {
	if l.woken.Load() || !l.woken.CompareAndSwap(false, true) {
		return
	}
	l.wakers.Add(1) // close waits for it, so that the waker's descriptor is still the waker's
	if !l.closed.Load() {
		l.waker.wake()
	}
	l.wakers.Add(-1)
}

// Yield is advanced. It is for a callback that has handed work to another goroutine, which will Post the result: the loop calls
// runtime.Gosched after the reads that are ready now. Without it a loop that goes on to wait for its sockets keeps its
// processor, with the other goroutine in its queue, until the scheduler notices, which takes up to 20 ms. Only the loop may
// call it.
func (l *Loop) Yield() {
	l.yield = true
	l.wake()
}

// mailbox is the turn in which the loop carries out the posted batches, sends a slice of the broadcasts and goes on with
// reads that were cut.
func (l *Loop) mailbox() {
	l.waker.drain()
	if l.yield {
		l.yield = false
		runtime.Gosched() // batches that are posted meanwhile need no second wake-up
	}
	l.woken.Store(false)
	more := l.runBatches()
	l.endTurn()
	more = l.fanout.step() || more
	more = l.continueReads() || more
	l.endTurn()
	if more {
		l.wake()
	}
}

// runBatches carries out batches for at most turnTime and reports whether there may be more.
func (l *Loop) runBatches() bool {
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
		l.engine.batches.Put(b)
		if n%timeCheck == 0 && time.Since(start) > turnTime {
			return true
		}
	}
}

func (l *Loop) perform(o *op, posted time.Duration) {
	if o.kind == opPublish {
		l.fanout.publish(o.name, o.buf, posted)
		return
	}
	if o.buf != nil {
		l.queued.Add(-int64(o.buf.Len()))
	}
	if o.kind == opRun {
		l.runGuarded(nil, o)
		return
	}
	c := l.lookup(o.handle)
	if c == nil || !c.live() {
		return
	}
	switch o.kind {
	case opSend:
		c.SendBuffer(o.buf)
	case opSendWithNext:
		l.fanout.sendWithNext(c, o.name, o.buf)
	case opSubscribe:
		c.sendIf(o.buf)
		c.Subscribe(o.name)
	case opUnsubscribe:
		c.Unsubscribe(o.name)
		c.sendIf(o.buf)
	case opClose:
		c.Close(o.code, o.name)
	case opCall:
		l.runGuarded(c, o)
	}
}

// runGuarded calls a function of the application. A panic in it closes c, or is only reported if there is no connection.
func (l *Loop) runGuarded(c *Conn, o *op) {
	if c == nil {
		defer l.recoverTaskPanic()
		o.run()
		return
	}
	defer l.recoverPanic(c.Handle())
	o.call(c)
}

// sendIf sends b unless it is nil.
func (c *Conn) sendIf(b *Buffer) {
	if b != nil {
		c.SendBuffer(b)
	}
}

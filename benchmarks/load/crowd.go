//go:build linux

package main

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/benchmarks/internal/sys"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

const (
	pollEvents = 64 // between two looks at the clock
	readSize   = 256 << 10
	sources    = 8 // source addresses, 127.0.0.2 and up
	dialBatch  = 64
	patience   = 10 * time.Second // for one answer while connecting
	lossWait   = 3 * time.Second  // without anything outstanding arriving: it is lost
)

// crowd is all connections of the generator and the loop over them.
type crowd struct {
	o      options
	poll   *sys.Epoll
	conns  []conn
	read   []byte
	now    time.Duration // since start; advances once per poll
	start  time.Time
	asleep time.Duration
	reads  int64
	hint   int   // where bodies begin
	fault  error // the first thing that went wrong

	// deliver is called for every body that arrives.
	deliver func(id int32, number uint32)
	// afterRead is called when the bytes of one read have been counted.
	afterRead func()
}

// conn is one connection.
type conn struct {
	fd   int
	part []byte // a frame that came in pieces
}

var errClosed = errors.New("the server closed a connection")

func newCrowd(o options) (*crowd, error) {
	poll, err := sys.NewEpoll(pollEvents)
	if err != nil {
		return nil, err
	}
	return &crowd{o: o, poll: poll, read: make([]byte, readSize), hint: -1,
		start: time.Now(), deliver: func(int32, uint32) {}, afterRead: func() {}}, nil
}

// turn reads from whoever is ready, waiting at most max for the first.
func (c *crowd) turn(max time.Duration) error {
	ready := c.poll.Poll()
	if len(ready) == 0 {
		before := time.Since(c.start)
		if c.o.spin {
			max = 0
		}
		if max > 0 {
			ready = c.poll.Wait(max)
		}
		c.now = time.Since(c.start)
		c.asleep += c.now - before
	} else {
		c.now = time.Since(c.start)
	}
	for i := range ready {
		c.receive(ready[i].Fd)
	}
	return c.fault
}

// receive reads once. Level-triggered: what is left is reported again.
func (c *crowd) receive(id int32) {
	k := &c.conns[id]
	held := copy(c.read, k.part)
	n, errno := sys.Recv(k.fd, c.read[held:])
	switch {
	case errno == unix.EAGAIN:
		return
	case errno != 0:
		c.fail(fmt.Errorf("recv: %w", errno))
		return
	case n == 0:
		c.fail(errClosed)
		return
	}
	c.reads++
	c.keep(k, c.frames(id, c.read[:held+n]))
	c.afterRead()
}

// keep stores what is left of a read for the next one.
func (c *crowd) keep(k *conn, rest []byte) { k.part = append(k.part[:0], rest...) }

// frames takes the whole frames off b and returns the rest.
func (c *crowd) frames(id int32, b []byte) (rest []byte) {
	for {
		h := wire.ParseHeader(b)
		if h.Size == 0 || len(b) < h.Size+h.Length {
			return b
		}
		c.frame(id, h.Op, b[h.Size:h.Size+h.Length])
		b = b[h.Size+h.Length:]
	}
}

func (c *crowd) frame(id int32, op byte, payload []byte) {
	if op == wire.OpText {
		c.text(id, payload)
		return
	}
	switch op {
	case wire.OpPing:
		c.send(id, wire.Masked(wire.OpPong, payload))
	case wire.OpClose:
		c.fail(fmt.Errorf("%w: %q", errClosed, payload))
	}
}

// text counts the bodies in a message; there may be several, one a line.
func (c *crowd) text(id int32, payload []byte) {
	at := wire.FindBody(payload, c.hint)
	if at < 0 {
		c.other(id, payload)
		return
	}
	c.hint = at
	for at >= 0 {
		c.deliver(id, wire.Number(payload[at:]))
		if payload = payload[at+1:]; len(payload) < 2*c.o.size {
			return
		}
		at = wire.FindBody(payload, -1)
	}
}

// other is a message without a body: a heartbeat, a reply, a join.
func (c *crowd) other(id int32, payload []byte) {
	if answer := c.o.protocol.Heartbeat(payload); answer != nil {
		c.send(id, wire.Masked(wire.OpText, answer))
	} else if err := c.o.protocol.Refused(payload); err != nil {
		c.fail(err)
	}
}

// send gives the frames to the kernel at once or is a fault.
func (c *crowd) send(id int32, frames []byte) {
	if n, errno := sys.Send(c.conns[id].fd, frames); errno != 0 || n != len(frames) {
		c.fail(fmt.Errorf("the server does not read: sent %d of %d bytes (errno %d)", n, len(frames), errno))
	}
}

func (c *crowd) fail(err error) {
	if c.fault == nil {
		c.fault = err
	}
}

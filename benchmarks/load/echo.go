//go:build linux

package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// echoRun has connections that each send a batch of messages with one send, wait until all
// are back, and send the next batch. The number of a message is its round (24 bits) and its
// place in the batch.
type echoRun struct {
	*crowd.Crowd
	o        options
	meter    meter
	template *wire.Template
	batch    []byte
	conns    []echoConn
	due      []int32
	stopped  bool
}

type echoConn struct {
	next  uint32 // the number that must come next
	round uint32
	sent  time.Duration
}

func echo(o options) (r result.Result, err error) {
	if o.conns < 1 || o.pipeline < 1 || o.pipeline > 255 {
		return r, fmt.Errorf("conns must be positive, pipeline 1 to 255")
	}
	c, err := o.crowd()
	if err != nil {
		return r, err
	}
	t := wire.NewTemplate(wire.Body(o.size))
	e := &echoRun{Crowd: c, o: o, meter: newMeter(c, o), template: t, batch: bytes.Repeat(t.Frame, o.pipeline),
		conns: make([]echoConn, o.conns)}
	c.Deliver, c.AfterRead = e.deliver, e.sendDue
	if err := c.Grow(o.conns, noRoom); err != nil {
		return r, err
	}
	for id := range o.conns {
		e.due = append(e.due, int32(id))
	}
	return e.meter.run(e)
}

func (e *echoRun) resume() {
	e.stopped = false
	e.sendDue()
}

// noRoom is the room's name for connections without one.
func noRoom(int) string { return "" }

func (e *echoRun) deliver(id int32, number uint32) {
	v := &e.conns[id]
	if number != v.next {
		e.Fail(fmt.Errorf("connection %d got message %x back instead of %x", id, number, v.next))
		return
	}
	v.next++
	e.meter.delivered(v.sent)
	if e.meter.running {
		e.meter.messages++
	}
	if int(number&255)+1 == e.o.pipeline {
		v.round++
		v.next = v.round << 8
		e.due = append(e.due, id)
	}
}

// sing sends the batches that are due.
func (e *echoRun) sendDue() {
	if e.stopped {
		return
	}
	for _, id := range e.due {
		v := &e.conns[id]
		for i := range e.o.pipeline {
			e.template.NumberIn(e.batch[i*len(e.template.Frame):], v.next+uint32(i))
		}
		v.sent = time.Since(e.Start)
		e.Send(id, e.batch)
	}
	e.due = e.due[:0]
}

func (e *echoRun) pause() error {
	e.stopped = true
	for end := e.Now + lossWait; len(e.due) < e.o.conns && e.Now < end; {
		before := e.Reads
		if err := e.Turn(50 * time.Millisecond); err != nil {
			return err
		}
		if e.Reads != before {
			end = e.Now + lossWait
		}
	}
	if n := e.o.conns - len(e.due); n > 0 {
		return fmt.Errorf("lost: %d of %d connections never got all back", n, e.o.conns)
	}
	return nil
}

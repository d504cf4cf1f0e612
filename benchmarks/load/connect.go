//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// connect opens connections, conns at the same time. Each is reset as soon as its upgrade has been
// answered, and the next one is opened in its place. The latency is that from connect(2) to the
// response 101.
func connect(o options) (r result.Result, err error) {
	if o.conns < 1 {
		return r, fmt.Errorf("conns must be positive")
	}
	c, err := o.crowd()
	if err != nil {
		return r, err
	}
	cr := &connectRun{Crowd: c, meter: newMeter(c, o), request: wire.Request(o.addr.String(), o.protocol.Target("lobby")), begun: make([]time.Duration, o.conns)}
	c.Upgraded, c.AfterRead = cr.upgraded, cr.open
	c.Room(o.conns)
	for id := range o.conns {
		cr.due = append(cr.due, int32(id))
	}
	if r, err = cr.meter.run(cr); err != nil {
		return r, err
	}
	r.Connects, r.Rate = r.Rate, 0
	return r, nil
}

// connectRun has a number of slots, each of which is used by one connection after the other.
type connectRun struct {
	*crowd.Crowd
	meter   meter
	request []byte
	begun   []time.Duration
	due     []int32 // slots whose connection has been answered
	stopped bool
}

func (cr *connectRun) upgraded(id int32) {
	cr.meter.delivered(cr.begun[id])
	cr.due = append(cr.due, id)
}

func (cr *connectRun) open() {
	if cr.stopped {
		return
	}
	for _, id := range cr.due {
		cr.begun[id] = time.Since(cr.Start)
		cr.Open(id, cr.request)
	}
	cr.due = cr.due[:0]
}

func (cr *connectRun) resume() {
	cr.stopped = false
	cr.open()
}

func (cr *connectRun) pause() error {
	cr.stopped = true
	return await(cr.Crowd, "upgrades", func() int { return len(cr.begun) - len(cr.due) })
}

//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// connect opens connections, conns at a time: each is reset as soon as its upgrade has been
// answered, and the next one opened in its place. The time of each is from connect(2) to
// the 101.
func connect(o options) (r result.Result, err error) {
	if o.conns < 1 {
		return r, fmt.Errorf("conns must be positive")
	}
	c, err := o.crowd()
	if err != nil {
		return r, err
	}
	m, request := newMeter(c, o), wire.Request(o.addr.String(), o.protocol.Target("lobby"))
	begun := make([]time.Duration, o.conns)
	var due []int32
	stopped := false
	open := func(id int32) {
		begun[id] = time.Since(c.Start)
		c.Open(id, request)
	}
	c.Upgraded = func(id int32) { m.delivered(begun[id]); due = append(due, id) }
	c.AfterRead = func() {
		for _, id := range due {
			if !stopped {
				open(id)
			}
		}
		due = due[:0]
	}
	c.Room(o.conns)
	for id := range o.conns {
		open(int32(id))
	}
	if r, err = m.run(); err != nil {
		return r, err
	}
	stopped = true
	r.Connects, r.Rate = r.Rate, 0
	return r, nil
}

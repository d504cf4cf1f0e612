//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// pings keeps connections idle, answers the server's pings, and measures the server's processor time
// for them. The figure is for the pings of 100,000 connections in an hour, one every 25 s; here they
// come more often, so that there are enough of them to measure.
func pings(o options) (r result.Result, err error) {
	c, err := o.crowd()
	if err != nil {
		return r, err
	}
	if err := c.Grow(o.conns, func(id int) string { return roomName(id % o.rooms) }); err != nil {
		return r, err
	}
	o.warmup, o.seconds = o.interval+time.Second, max(o.seconds, 5*o.interval)
	m := newMeter(c, o)
	if err := c.TurnFor(o.warmup); err != nil {
		return r, err
	}
	before := c.Pings
	m.begin()
	if err := c.TurnFor(o.seconds); err != nil {
		return r, err
	}
	m.end()
	r = m.result()
	r.Fault, r.Rate, r.Pings = "", 0, c.Pings-before
	if least := int64(float64(o.conns) * m.took().Seconds() / o.interval.Seconds() / 3); r.Pings < least {
		return r, fmt.Errorf("%d pings came to %d connections in %v, with an interval of %v", r.Pings, o.conns, o.seconds, o.interval)
	}
	r.ServerCPU = m.cpuPer(r.Pings)
	r.IdleCost = r.ServerCPU / 1e6 * 100_000 * 3600 / 25
	return r, nil
}

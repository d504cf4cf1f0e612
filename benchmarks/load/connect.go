//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
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
	h := &hotel{Crowd: c, meter: newMeter(c, o), request: wire.Request(o.addr.String(), o.protocol.Target("lobby")), begun: make([]time.Duration, o.conns)}
	c.Upgraded, c.AfterRead = h.upgraded, h.open
	c.Room(o.conns)
	for id := range o.conns {
		h.due = append(h.due, int32(id))
	}
	if r, err = h.meter.run(h); err != nil {
		return r, err
	}
	r.Connects, r.Rate = r.Rate, 0
	return r, nil
}

// hotel is places that are taken by one guest after the other.
type hotel struct {
	*crowd.Crowd
	meter   meter
	request []byte
	begun   []time.Duration
	due     []int32 // places whose guest has been answered
	stopped bool
}

func (h *hotel) upgraded(id int32) {
	h.meter.delivered(h.begun[id])
	h.due = append(h.due, id)
}

func (h *hotel) open() {
	if h.stopped {
		return
	}
	for _, id := range h.due {
		h.begun[id] = time.Since(h.Start)
		h.Open(id, h.request)
	}
	h.due = h.due[:0]
}

func (h *hotel) talk() {
	h.stopped = false
	h.open()
}

// hush waits for the answers that are still to come.
func (h *hotel) hush() error {
	h.stopped = true
	return await(h.Crowd, "upgrades", func() int { return len(h.begun) - len(h.due) })
}

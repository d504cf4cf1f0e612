//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/sys"
)

// idle opens connections in steps and reads the server's memory at each. The memory of one
// connection is the slope between them, which does not depend on the memory at the start.
func idle(o options) (r result.Result, err error) {
	if o.pid == 0 {
		return r, fmt.Errorf("idle needs --pid")
	}
	c, err := o.crowd()
	if err != nil {
		return r, err
	}
	for _, n := range o.steps {
		if err := c.Grow(n, func(id int) string { return roomName(id % o.rooms) }); err != nil {
			return r, err
		}
		m, err := settledMemory(c, o.pid)
		if err != nil {
			return r, err
		}
		r.Memory = append(r.Memory, m)
	}
	r.Connections = c.Len()
	slopes(&r, o.slope)
	return r, nil
}

// slopes divides the growth, from the first step with at least from connections to the last one, by
// the number of connections.
func slopes(r *result.Result, from int) {
	last := r.Memory[len(r.Memory)-1]
	for _, first := range r.Memory {
		if n := float64(last.Connections - first.Connections); first.Connections >= from && n > 0 {
			r.BytesPerConn = float64(last.Rss-first.Rss) / n
			r.PssPerConn = float64(last.Pss-first.Pss) / n
			r.KernelPerConn = float64(last.Slab+last.TCP-first.Slab-first.TCP) / n
			return
		}
	}
	r.Fault = fmt.Sprintf("no two steps from %d connections on", from)
}

// settledMemory serves the connections until the memory has not changed by more than 0.1 % for two
// seconds, or for 20 seconds at most, and returns it.
func settledMemory(c *crowd.Crowd, pid int) (m result.Memory, err error) {
	const stable, most = 2 * time.Second, 20 * time.Second
	begin := time.Now()
	since, last := begin, sys.Memory{}
	for time.Since(since) < stable && time.Since(begin) < most {
		if err := c.TurnFor(250 * time.Millisecond); err != nil {
			return m, err
		}
		now, err := sys.ReadMemory(pid)
		if err != nil {
			return m, err
		}
		if d := now.Rss - last.Rss; d > last.Rss/1000 || -d > last.Rss/1000 {
			since, last = time.Now(), now
		}
	}
	if last, err = sys.ReadMemory(pid); err != nil {
		return m, err
	}
	m = result.Memory{Connections: c.Len(), Rss: last.Rss, Pss: last.Pss, Settled: time.Since(begin)}
	m.Slab, m.TCP, err = sys.KernelMemory()
	return m, err
}

//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/sys"
)

// idle opens connections in steps and reads the server's memory at each: what one more
// connection costs is the slope, whatever the process has at the start.
func idle(o options) (r result.Result, err error) {
	if o.pid == 0 {
		return r, fmt.Errorf("idle needs --pid")
	}
	c, err := newCrowd(o)
	if err != nil {
		return r, err
	}
	room := func(id int) string { return roomName(id % o.rooms) }
	for _, n := range o.steps {
		if err := c.dial(n, func(id int) string { return o.protocol.Target(room(id)) }, room); err != nil {
			return r, err
		}
		m, err := c.settle()
		if err != nil {
			return r, err
		}
		r.Memory = append(r.Memory, m)
	}
	r.Connections = len(c.conns)
	first, last := r.Memory[0], r.Memory[len(r.Memory)-1]
	if last.Connections > first.Connections {
		r.BytesPerConn = float64(last.Rss-first.Rss) / float64(last.Connections-first.Connections)
	}
	return r, nil
}

// settle serves the connections until the memory has not changed by more than 0.1 % for
// two seconds, or for 30 seconds at most.
func (c *crowd) settle() (m result.Memory, err error) {
	const calm, most = 2 * time.Second, 30 * time.Second
	begin := time.Now()
	since, last := begin, sys.Memory{}
	for time.Since(since) < calm && time.Since(begin) < most {
		for end := time.Now().Add(250 * time.Millisecond); time.Now().Before(end); {
			if err := c.turn(50 * time.Millisecond); err != nil {
				return m, err
			}
		}
		now, err := sys.ReadMemory(c.o.pid)
		if err != nil {
			return m, err
		}
		if d := now.Rss - last.Rss; d > last.Rss/1000 || -d > last.Rss/1000 {
			since, last = time.Now(), now
		}
	}
	last, err = sys.ReadMemory(c.o.pid)
	return result.Memory{Connections: len(c.conns), Rss: last.Rss, Pss: last.Pss, Settled: time.Since(begin)}, err
}

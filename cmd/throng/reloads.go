package main

import (
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/certs"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/metrics"
)

// reloads are those of a process. A reload reads files, which may take as long
// as a disk or a network does: that is done by a goroutine of its own, one at a
// time, while the process hears its signals. What was read is taken over by the
// goroutine of [process.run], to which everything here but read and counts belongs.
type reloads struct {
	layers  config.Layers
	read    chan reloaded    // what the goroutine has read; holds one
	timer   *time.Timer      // of the reload that runs
	timeout <-chan time.Time // of timer

	running bool
	given   bool // up: the one that runs took too long
	again   bool // asked for while one runs

	applied, partly, refused, timedOut atomic.Int64
}

// reloaded is what a reload has read. Either change or err is set; cert is the
// certificate to use from then on, nil for none.
type reloaded struct {
	change  *config.Change
	err     error
	cert    *certs.Pair
	certErr error
}

func (r *reloads) counts() metrics.Reloads {
	return metrics.Reloads{Applied: r.applied.Load(), Partly: r.partly.Load(), Refused: r.refused.Load(), TimedOut: r.timedOut.Load()}
}

// begin starts the goroutine.
func (r *reloads) begin(limit time.Duration, read func() reloaded) {
	if r.read == nil {
		r.read = make(chan reloaded, 1)
	}
	r.running, r.timer = true, time.NewTimer(limit)
	r.timeout = r.timer.C
	go func() { r.read <- read() }()
}

// end is called with what was read; it reports whether that is still wanted.
func (r *reloads) end() (wanted bool) {
	wanted = !r.given
	r.running, r.given = false, false
	r.timer.Stop()
	r.timeout = nil
	return wanted
}

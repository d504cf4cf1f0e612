package main

import (
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/certs"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/metrics"
)

// reloads are the reloads of a process. A reload reads files, which may block on a disk or a network, so a goroutine does
// that, one reload at a time. The goroutine of [process.run] applies the result, and owns all fields except for read and
// counts.
type reloads struct {
	layers  config.Layers
	read    chan reloaded    // what the goroutine has read; holds one
	timer   *time.Timer      // of the reload that runs
	timeout <-chan time.Time // of timer

	running bool
	given   bool // given up: the running reload took too long
	again   bool // another reload was requested while one runs

	applied, partly, refused, timedOut atomic.Int64
}

// reloaded is the result of reading. Either change or err is set. cert is the certificate to use, nil for none.
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

// end is called with the result, and reports whether it is to be applied.
func (r *reloads) end() (wanted bool) {
	wanted = !r.given
	r.running, r.given = false, false
	r.timer.Stop()
	r.timeout = nil
	return wanted
}

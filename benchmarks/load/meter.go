//go:build linux

package main

import (
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/sys"
)

// meter counts between the end of the warm-up and the end of the work.
type meter struct {
	crowd      *crowd
	running    bool
	deliveries int64
	messages   int64
	latency    hist
	from       mark
}

// mark is the state of what is measured as a difference.
type mark struct {
	at, asleep, cpu time.Duration
	reads           int64
}

func (m *meter) mark() mark {
	cpu, _ := sys.CPU(m.crowd.o.pid) // without a pid there is no figure for it
	return mark{at: time.Since(m.crowd.start), asleep: m.crowd.asleep, cpu: cpu, reads: m.crowd.reads}
}

// delivered counts one message that was sent at the time.
func (m *meter) delivered(sent time.Duration) {
	if m.running {
		m.deliveries++
		m.latency.record(int64(m.crowd.now - sent))
	}
}

// run turns the crowd for the warm-up and the measured time.
func (m *meter) run() (r result.Result, err error) {
	if err := m.turnFor(m.crowd.o.warmup); err != nil {
		return r, err
	}
	m.from, m.running = m.mark(), true
	if err := m.turnFor(m.crowd.o.seconds); err != nil {
		return r, err
	}
	m.running = false
	return m.result(m.mark()), nil
}

func (m *meter) turnFor(d time.Duration) error {
	for end := time.Since(m.crowd.start) + d; m.crowd.now < end; {
		if err := m.crowd.turn(min(d, 100*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

func (m *meter) result(to mark) result.Result {
	took := to.at - m.from.at
	r := result.Result{
		Connections:   len(m.crowd.conns),
		Seconds:       took.Seconds(),
		Messages:      m.messages,
		Deliveries:    m.deliveries,
		Rate:          float64(m.deliveries) / took.Seconds(),
		PerRead:       float64(m.deliveries) / float64(max(to.reads-m.from.reads, 1)),
		P50:           micros(m.latency.quantile(.5)),
		P99:           micros(m.latency.quantile(.99)),
		P999:          micros(m.latency.quantile(.999)),
		GeneratorIdle: float64(to.asleep-m.from.asleep) / float64(took),
	}
	if m.crowd.o.pid != 0 {
		r.ServerCPU = micros(to.cpu-m.from.cpu) / float64(max(m.deliveries, 1))
	}
	if m.deliveries == 0 {
		r.Fault = "nothing was delivered"
	}
	return r
}

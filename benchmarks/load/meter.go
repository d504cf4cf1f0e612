//go:build linux

package main

import (
	"os"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/sys"
)

// meter measures between begin and end. Several intervals are added up.
type meter struct {
	crowd      *crowd.Crowd
	o          options
	running    bool
	deliveries int64
	messages   int64
	latency    latency
	from       reading
	sum        reading // of the differences
}

// reading has the counters that are measured as differences.
type reading struct {
	at, asleep, cpu time.Duration
	generator, busy time.Duration
	reads           int64
}

func (m *reading) add(from, to reading) {
	m.at += to.at - from.at
	m.asleep += to.asleep - from.asleep
	m.cpu += to.cpu - from.cpu
	m.generator += to.generator - from.generator
	m.busy += to.busy - from.busy
	m.reads += to.reads - from.reads
}

func newMeter(c *crowd.Crowd, o options) meter {
	return meter{crowd: c, o: o, latency: newLatency()}
}

func (m *meter) read() reading {
	cpu, _ := sys.CPU(m.o.pid) // without a pid there is no figure for it
	generator, _ := sys.CPU(os.Getpid())
	busy, _ := sys.Busy()
	return reading{at: time.Since(m.crowd.Start), asleep: m.crowd.Asleep, cpu: cpu, generator: generator, busy: busy, reads: m.crowd.Reads}
}

// delivered counts one message. Sent is the time since the start.
func (m *meter) delivered(sent time.Duration) {
	if m.running {
		m.deliveries++
		m.latency.record(m.crowd.Now - sent)
	}
}

// during calls turn for both times, and measures during the second one.
func (m *meter) during(turn func(time.Duration) error, before, measured time.Duration) error {
	if err := turn(before); err != nil || measured == 0 {
		return err
	}
	m.begin()
	defer m.end()
	return turn(measured)
}

func (m *meter) begin() { m.from, m.running = m.read(), true }

func (m *meter) end() {
	m.sum.add(m.from, m.read())
	m.running = false
}

// took is the time that was measured.
func (m *meter) took() time.Duration { return m.sum.at }

// cpuPer is the server's processor time divided by n, in microseconds.
func (m *meter) cpuPer(n int64) float64 {
	if m.o.pid == 0 {
		return 0
	}
	return micros(m.sum.cpu) / float64(max(n, 1))
}

// foreign is the share of the machine's processor time that neither the server nor the generator used.
func (m *meter) foreign() float64 {
	all := m.took() * time.Duration(runtime.NumCPU())
	if m.o.pid == 0 || all == 0 {
		return 0
	}
	return max(0, float64(m.sum.busy-m.sum.cpu-m.sum.generator)/float64(all))
}

func (m *meter) result() result.Result {
	took := m.took()
	r := result.Result{
		Connections:   m.crowd.Len(),
		Seconds:       took.Seconds(),
		Messages:      m.messages,
		Deliveries:    m.deliveries,
		Rate:          float64(m.deliveries) / took.Seconds(),
		PerRead:       float64(m.deliveries) / float64(max(m.sum.reads, 1)),
		GeneratorIdle: float64(m.sum.asleep) / float64(took),
		ServerCPU:     m.cpuPer(m.deliveries),
		Foreign:       m.foreign(),
	}
	m.latency.quantiles(&r)
	if m.deliveries == 0 {
		r.Fault = "nothing was delivered"
	}
	return r
}

// latency is a histogram of times. It counts equal values that follow each other at once: those of
// the deliveries of one message.
type latency struct {
	counts *hdrhistogram.Histogram
	last   time.Duration
	n      int64
}

// newLatency distinguishes from 1 us to 100 s, by about 0.1 %.
func newLatency() latency { return latency{counts: hdrhistogram.New(1, 100_000_000, 3)} }

func (l *latency) record(d time.Duration) {
	if d != l.last {
		l.flush()
		l.last = d
	}
	l.n++
}

func (l *latency) flush() {
	if l.n > 0 {
		_ = l.counts.RecordValues(min(max(l.last.Microseconds(), 1), 100_000_000), l.n) // an error is a value out of range
	}
	l.n = 0
}

func (l *latency) quantiles(r *result.Result) {
	l.flush()
	at := l.counts.ValueAtPercentiles([]float64{50, 99, 99.9})
	r.P50, r.P99, r.P999 = float64(at[50]), float64(at[99]), float64(at[99.9])
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

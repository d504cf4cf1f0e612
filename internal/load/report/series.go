package report

import (
	"slices"
	"time"
)

// Series is the run second by second, ascending.
type Series []Second

// Second has the counts and latencies of one second of the run.
type Second struct {
	At          int   `json:"at"`          // whole seconds since the start
	Connections int64 `json:"connections"` // open at its end
	Sent        int64 `json:"sent"`        // messages
	Delivered   int64 `json:"delivered"`   // messages to subscribers, each counted

	P50 time.Duration `json:"p50_ns,omitempty"`
	P99 time.Duration `json:"p99_ns,omitempty"`
	Max time.Duration `json:"max_ns,omitempty"`
	// Latency is their histogram with two significant figures, for merging.
	Latency string `json:"hdr,omitempty"`

	Target *Target `json:"target,omitempty"` // with --target-admin
}

// Target has the target's metrics at the end of a second, 0 for those that it does not have.
type Target struct {
	Resident    int64   `json:"resident_bytes"` // process_resident_memory_bytes
	Heap        int64   `json:"heap_bytes,omitempty"`
	Connections int64   `json:"connections"`
	Queue       int64   `json:"queue_bytes"`         // messages that wait for a loop
	Backlog     int64   `json:"backlog_bytes"`       // bytes that wait for slow readers
	CPU         float64 `json:"cpu_cores"`           // of all cores since the scrape before: 1.5 is one and a half
	LoopBusy    float64 `json:"loop_busy,omitempty"` // share of the busiest loop's time, 0 to 1
	Goroutines  int64   `json:"goroutines,omitempty"`
	Files       int64   `json:"open_files,omitempty"`
}

// NewSecond makes a second of its counts and its latencies, which may be reset afterwards.
func NewSecond(at int, connections, sent, delivered int64, latency *Histogram) Second {
	s := Second{At: at, Connections: connections, Sent: sent, Delivered: delivered}
	s.setLatency(latency)
	return s
}

func (s *Second) setLatency(h *Histogram) {
	s.P50, s.P99, s.Max = h.Quantile(0.5), h.Quantile(0.99), h.Max()
	s.Latency, _ = pack(h, coarse) // encoding into memory does not fail
}

// Add adds a second, also to one that is there already: of another process, or the target's part.
func (s *Series) Add(sec Second) {
	i, found := slices.BinarySearchFunc(*s, sec.At, func(e Second, at int) int { return e.At - at })
	if !found {
		*s = slices.Insert(*s, i, sec)
		return
	}
	(*s)[i].merge(sec)
}

// AddTarget adds the metrics of the target.
func (s *Series) AddTarget(at int, t Target) { s.Add(Second{At: at, Target: &t}) }

func (s *Second) merge(o Second) {
	s.Connections += o.Connections
	s.Sent += o.Sent
	s.Delivered += o.Delivered
	if s.Target == nil {
		s.Target = o.Target
	}
	switch {
	case o.Latency == "":
	case s.Latency == "":
		s.P50, s.P99, s.Max, s.Latency = o.P50, o.P99, o.Max, o.Latency
	default:
		s.mergeLatency(o)
	}
}

// mergeLatency keeps the greater of the two longest exactly.
func (s *Second) mergeLatency(o Second) {
	mine, err1 := unpack(s.Latency, coarse)
	others, err2 := unpack(o.Latency, coarse)
	if err1 != nil || err2 != nil {
		return
	}
	longest := max(s.Max, o.Max)
	mine.Merge(&others)
	s.setLatency(&mine)
	s.Max = longest
}

// shift moves a series to another beginning.
func (s Series) shift(seconds int) Series {
	moved := slices.Clone(s)
	for i := range moved {
		moved[i].At += seconds
	}
	return moved
}

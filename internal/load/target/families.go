package target

import (
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/throngd/throng/internal/load/report"
)

// since returns the values of one second of the series.
func (s sample) since(before sample) report.Target {
	f := s.all
	return report.Target{
		Resident:    int64(f.sum("process_resident_memory_bytes")),
		Heap:        int64(f.sum("go_memstats_heap_inuse_bytes")),
		Connections: int64(f.any("throng_connections", "centrifugo_node_num_clients")),
		Queue:       int64(f.sum("throng_queue_bytes")),
		Backlog:     int64(f.sum("throng_backlog_bytes")),
		CPU:         rate(f.sum("process_cpu_seconds_total"), before.all.sum("process_cpu_seconds_total"), s.at.Sub(before.at)),
		LoopBusy:    s.busiest(before),
		Goroutines:  int64(f.sum("go_goroutines")),
		Files:       int64(f.sum("process_open_fds")),
	}
}

// rate is the increase of a counter per second. It is 0 after a restart of the server, whose counters begin at 0.
func rate(now, before float64, d time.Duration) float64 {
	if d <= 0 || now < before {
		return 0
	}
	return (now - before) / d.Seconds()
}

// busiest is the share of the time that the busiest loop worked.
func (s sample) busiest(before sample) (share float64) {
	const name = "throng_loop_busy_seconds_total"
	for _, m := range s.all[name].GetMetric() {
		loop := label(m, "loop")
		share = max(share, rate(value(m), before.all.with(name, "loop", loop), s.at.Sub(before.at)))
	}
	return min(share, 1) // the counter is an estimate
}

// sum is that of all series of a metric, 0 if there is none.
func (f families) sum(name string) (sum float64) {
	for _, m := range f[name].GetMetric() {
		sum += value(m)
	}
	return sum
}

// any returns the first of the metrics that exists.
func (f families) any(names ...string) float64 {
	for _, name := range names {
		if f[name] != nil {
			return f.sum(name)
		}
	}
	return 0
}

// with is the series with a label.
func (f families) with(name, key, of string) float64 {
	for _, m := range f[name].GetMetric() {
		if label(m, key) == of {
			return value(m)
		}
	}
	return 0
}

func (f families) summaryCount(name string) (n uint64) {
	for _, m := range f[name].GetMetric() {
		n += m.GetSummary().GetSampleCount()
	}
	return n
}

func (f families) quantile(name string, q float64) float64 {
	for _, m := range f[name].GetMetric() {
		for _, e := range m.GetSummary().GetQuantile() {
			if e.GetQuantile() == q {
				return e.GetValue()
			}
		}
	}
	return 0
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// value returns the value of a gauge, a counter or an untyped metric.
func value(m *dto.Metric) float64 {
	return m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
}

// parts are the phases of connections as throng measures them.
func parts(before, after families) (all []report.Part) {
	for _, of := range []struct {
		phase        report.Phase
		metric, part string
	}{
		{report.Connect, "throng_connect_duration_seconds", "network"},
		{report.Connect, "throng_connect_duration_seconds", "waiting"},
		{report.Connect, "throng_connect_duration_seconds", "tls"},
		{report.Connect, "throng_connect_duration_seconds", "upgrade"},
		{report.Delivery, "throng_send_duration_seconds", "encode"},
		{report.Delivery, "throng_send_duration_seconds", "transmit"},
		{report.Close, "throng_close_duration_seconds", ""},
	} {
		n0, sum0 := before.histogram(of.metric, of.part)
		n1, sum1 := after.histogram(of.metric, of.part)
		if n1 > n0 {
			all = append(all, report.Part{Of: of.phase, Name: of.part, Count: int64(n1 - n0), Sum: seconds(sum1 - sum0)})
		}
	}
	return all
}

// histogram is the count and the sum of the series with a part.
func (f families) histogram(name, part string) (count uint64, sum float64) {
	for _, m := range f[name].GetMetric() {
		if label(m, "part") == part {
			return m.GetHistogram().GetSampleCount(), m.GetHistogram().GetSampleSum()
		}
	}
	return 0, 0
}

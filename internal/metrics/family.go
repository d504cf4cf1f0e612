package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throngd/throng/netpoll"
)

// family is a metric: its description, and the function that reads its values from a Snapshot.
type family struct {
	desc    *prometheus.Desc
	collect func(s *Snapshot, ch chan<- prometheus.Metric)
}

func newDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("throng_"+name, help, labels, nil)
}

// gauge is a metric without labels of what there is now.
func gauge(name, help string, value func(*Snapshot) int64) family {
	return single(name, help, prometheus.GaugeValue, value)
}

// counter is a metric without labels of what there was since the start.
func counter(name, help string, value func(*Snapshot) int64) family {
	return single(name, help, prometheus.CounterValue, value)
}

func single(name, help string, kind prometheus.ValueType, value func(*Snapshot) int64) family {
	d := newDesc(name, help)
	return family{d, func(s *Snapshot, ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(d, kind, float64(value(s)))
	}}
}

// gauges is a gauge with one label. each calls add for every value of it.
func gauges(name, help, label string, each func(s *Snapshot, add func(label string, v float64))) family {
	return labelled(name, help, label, prometheus.GaugeValue, each)
}

// counters is a counter with one label. each calls add for every value of it.
func counters(name, help, label string, each func(s *Snapshot, add func(label string, v float64))) family {
	return labelled(name, help, label, prometheus.CounterValue, each)
}

func labelled(name, help, label string, kind prometheus.ValueType, each func(*Snapshot, func(string, float64))) family {
	d := newDesc(name, help, label)
	return family{d, func(s *Snapshot, ch chan<- prometheus.Metric) {
		each(s, func(value string, v float64) { ch <- prometheus.MustNewConstMetric(d, kind, v, value) })
	}}
}

// histogram is a distribution of durations without labels.
func histogram(name, help string, value func(*Snapshot) netpoll.Histogram) family {
	d := newDesc(name, help)
	return family{d, func(s *Snapshot, ch chan<- prometheus.Metric) { ch <- constHistogram(d, value(s)) }}
}

// histograms is a distribution of durations with one label.
func histograms(name, help, label string, each func(s *Snapshot, add func(label string, h netpoll.Histogram))) family {
	d := newDesc(name, help, label)
	return family{d, func(s *Snapshot, ch chan<- prometheus.Metric) {
		each(s, func(value string, h netpoll.Histogram) { ch <- constHistogram(d, h, value) })
	}}
}

// constHistogram converts buckets that count alone to the cumulative ones of Prometheus.
func constHistogram(d *prometheus.Desc, h netpoll.Histogram, labels ...string) prometheus.Metric {
	buckets, sum := make(map[float64]uint64, len(h.Buckets)), uint64(0)
	for i, n := range h.Buckets {
		sum += uint64(n)
		if i < len(h.Buckets)-1 {
			buckets[h.Bound(i).Seconds()] = sum
		}
	}
	return prometheus.MustNewConstHistogram(d, sum, h.Sum.Seconds(), buckets, labels...)
}

// codeLabel is the label of an error or close code. 0 stands for all codes that are not counted one by one.
func codeLabel(code int) string {
	if code == 0 {
		return "other"
	}
	return strconv.Itoa(code)
}

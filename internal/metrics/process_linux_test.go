package metrics

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/procfs"
)

// TestProcess: the metrics that replace the library's on old kernels have the same names, types and help, and similar
// values. The number of open files follows the connections.
func TestProcess(t *testing.T) {
	gather := func(c prometheus.Collector) map[string]*dto.MetricFamily {
		r := prometheus.NewRegistry()
		r.MustRegister(c)
		all, err := r.Gather()
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]*dto.MetricFamily{}
		for _, f := range all {
			if strings.HasPrefix(f.GetName(), "process_") {
				byName[f.GetName()] = f
			}
		}
		return byName
	}
	value := func(f *dto.MetricFamily) float64 {
		m := f.GetMetric()[0]
		return m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	proc, err := procfs.Self()
	if err != nil {
		t.Skip(err)
	}
	snap := Snapshot{}
	c := &Collector{func() Snapshot { return snap }, newProcess(proc, 0)}
	ours, theirs := gather(c), gather(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if len(ours) != 6 {
		t.Errorf("%d metrics", len(ours))
	}
	for name, f := range ours {
		lib := theirs[name]
		if lib == nil || lib.GetType() != f.GetType() || lib.GetHelp() != f.GetHelp() {
			t.Errorf("%v, the library has %v", f, lib)
			continue
		}
		if a, b := value(f), value(lib); a < 0.5*b-10 || a > 2*b+10 {
			t.Errorf("%s %v, the library says %v", name, a, b)
		}
	}
	before := value(ours["process_open_fds"])
	snap.Network.Conns = 1_000_000
	if now := value(gather(c)["process_open_fds"]); now != before+1_000_000 {
		t.Errorf("%v open files, %v before a million connections", now, before)
	}
}

package metrics

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/procfs"
)

// processCollector is the library's, unless that would count the open files one by one at each scrape: before Linux
// 6.2 it lists /proc/self/fd, which takes a second and 100 MB of garbage with a million connections.
func processCollector(src Source) prometheus.Collector {
	if info, err := os.Stat("/proc/self/fd"); err == nil && info.Size() == 0 {
		if proc, err := procfs.Self(); err == nil {
			return newProcess(proc, src)
		}
	}
	return collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
}

// process has the library's metrics by the same names, the open files within a few: those at its start, which were
// counted, and the connections.
type process struct {
	proc  procfs.Proc
	src   Source
	files int64 // at the start
}

func newProcess(proc procfs.Proc, src Source) *process {
	files, _ := proc.FileDescriptorsLen() // 0 is near enough
	return &process{proc, src, int64(files) - src().Network.Conns}
}

func processMetric(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("process_"+name, help, nil, nil)
}

var (
	processCPU     = processMetric("cpu_seconds_total", "Total user and system CPU time spent in seconds.")
	processStart   = processMetric("start_time_seconds", "Start time of the process since unix epoch in seconds.")
	processMemory  = processMetric("resident_memory_bytes", "Resident memory size in bytes.")
	processVirtual = processMetric("virtual_memory_bytes", "Virtual memory size in bytes.")
	processFiles   = processMetric("open_fds", "Number of open file descriptors.")
	processLimit   = processMetric("max_fds", "Maximum number of open file descriptors.")
)

// Describe implements prometheus.Collector.
func (p *process) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(p, ch) }

// Collect implements prometheus.Collector. What cannot be read is left out.
func (p *process) Collect(ch chan<- prometheus.Metric) {
	o := out(ch)
	if stat, err := p.proc.Stat(); err == nil {
		o <- prometheus.MustNewConstMetric(processCPU, prometheus.CounterValue, stat.CPUTime())
		o.gauge(processMemory, float64(stat.ResidentMemory()))
		o.gauge(processVirtual, float64(stat.VirtualMemory()))
		if start, err := stat.StartTime(); err == nil {
			o.gauge(processStart, start)
		}
	}
	if limits, err := p.proc.Limits(); err == nil {
		o.gauge(processLimit, float64(limits.OpenFiles))
	}
	o.gauge(processFiles, float64(p.files+p.src().Network.Conns))
}

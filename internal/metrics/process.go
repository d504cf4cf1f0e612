package metrics

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/procfs"
)

// slowProcess returns nil if the library's collector counts open files quickly. Before Linux 6.2 it lists /proc/self/fd at
// each scrape, which takes a second and 100 MB of garbage with a million connections.
func slowProcess(src Source) *process {
	if info, err := os.Stat("/proc/self/fd"); err != nil || info.Size() != 0 {
		return nil
	}
	proc, err := procfs.Self()
	if err != nil {
		return nil
	}
	return newProcess(proc, src().Network.Conns)
}

// process collects the metrics of the library's collector, by the same names. The number of open files is an estimate: those
// counted at its start, plus the connections now.
type process struct {
	proc  procfs.Proc
	files int64 // open at the start, without connections
}

func newProcess(proc procfs.Proc, conns int64) *process {
	files, _ := proc.FileDescriptorsLen() // an error leaves 0, which is close enough
	return &process{proc, int64(files) - conns}
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

var processDescs = []*prometheus.Desc{processCPU, processStart, processMemory, processVirtual, processFiles, processLimit}

// collect leaves out values that cannot be read.
func (p *process) collect(ch chan<- prometheus.Metric, conns int64) {
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	if stat, err := p.proc.Stat(); err == nil {
		ch <- prometheus.MustNewConstMetric(processCPU, prometheus.CounterValue, stat.CPUTime())
		gauge(processMemory, float64(stat.ResidentMemory()))
		gauge(processVirtual, float64(stat.VirtualMemory()))
		if start, err := stat.StartTime(); err == nil {
			gauge(processStart, start)
		}
	}
	if limits, err := p.proc.Limits(); err == nil {
		gauge(processLimit, float64(limits.OpenFiles))
	}
	gauge(processFiles, float64(p.files+conns))
}

package metrics

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/procfs"
)

// slowProcess is nil unless the library's collector would count the open files one by one at each scrape: before Linux
// 6.2 it lists /proc/self/fd, which takes a second and 100 MB of garbage with a million connections.
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

// process has the library's metrics by the same names, the open files within a few: those at its start, which were
// counted, and the connections.
type process struct {
	proc  procfs.Proc
	files int64 // at the start, without connections
}

func newProcess(proc procfs.Proc, conns int64) *process {
	files, _ := proc.FileDescriptorsLen() // 0 is near enough
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

// collect leaves out what cannot be read.
func (p *process) collect(o out, conns int64) {
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
	o.gauge(processFiles, float64(p.files+conns))
}

package report

import "github.com/prometheus/procfs"

// cpuModel returns the model of the first processor, "" if it is unknown.
func cpuModel(fs procfs.FS) string {
	all, err := fs.CPUInfo()
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[0].ModelName
}

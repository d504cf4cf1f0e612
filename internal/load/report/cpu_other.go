//go:build !linux

package report

import "github.com/prometheus/procfs"

// cpuModel is for Linux only, as procfs reads the processors there alone.
func cpuModel(procfs.FS) string { return "" }

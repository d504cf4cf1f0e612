package report

import (
	"cmp"
	"net/url"
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
)

// describe returns what Linux says about the machine. Elsewhere it is what Go knows: the architecture
// and the operating system.
func describe() (cpu string, memory int64, kernel string) {
	cpu, kernel = runtime.GOARCH, runtime.GOOS
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return cpu, 0, kernel
	}
	cpu = cmp.Or(cpuModel(fs), cpu)
	if m, err := fs.Meminfo(); err == nil && m.MemTotalBytes != nil {
		memory = int64(*m.MemTotalBytes)
	}
	if release, err := fs.SysctlStrings("kernel.osrelease"); err == nil {
		kernel += " " + strings.Join(release, " ")
	}
	return cpu, memory, kernel
}

// withoutPassword returns the URL without a password.
func withoutPassword(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	return u.Redacted()
}

func addOnce[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

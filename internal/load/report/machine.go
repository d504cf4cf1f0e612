package report

import (
	"bufio"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// describe reads what Linux says of the machine; elsewhere it is the little that Go knows.
func describe() (cpu string, memory int64, kernel string) {
	cpu = field("/proc/cpuinfo", "model name")
	kb, _, _ := strings.Cut(field("/proc/meminfo", "MemTotal"), " ")
	n, _ := strconv.ParseInt(kb, 10, 64)
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	kernel = strings.TrimSpace(runtime.GOOS + " " + string(release))
	if cpu == "" {
		cpu = runtime.GOARCH
	}
	return cpu, n * 1024, kernel
}

// field is the first value of a "name : value" file.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// withoutPassword is the URL as a report may show it.
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

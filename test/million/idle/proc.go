package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// usage is what the server and the kernel hold at one moment, in bytes.
type usage struct {
	resident, peak int64         // of the server
	cpu            time.Duration // of the server so far
	busy           time.Duration // of all processors
	own            int64         // resident in this process
	slab, tcp      int64         // of the kernel; tcp are the sockets' buffers
	used           int64         // of the machine, without the files it caches
}

// kernel is what the machine uses beside the two processes.
func (u usage) kernel() int64 { return u.used - u.resident - u.own }

func usageOf(pid int) (u usage, err error) {
	server, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, fmt.Errorf("the server is gone: %w", err)
	}
	own, _ := os.ReadFile("/proc/self/status")
	machine, _ := os.ReadFile("/proc/meminfo")
	u.resident, u.peak, u.own = kib(server, "VmRSS:"), kib(server, "VmHWM:"), kib(own, "VmRSS:")
	u.slab = kib(machine, "Slab:")
	u.used = kib(machine, "MemTotal:") - kib(machine, "MemFree:") - kib(machine, "Cached:") - kib(machine, "Buffers:")
	u.tcp = socketMemory()
	u.cpu, u.busy = cpuOf(pid), busy()
	return u, nil
}

// kib is the number behind a name, in bytes.
func kib(file []byte, name string) int64 {
	for line := range bytes.Lines(file) {
		if fields := strings.Fields(string(line)); len(fields) > 1 && fields[0] == name {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n << 10
		}
	}
	return 0
}

// socketMemory is the pages of TCP's buffers (/proc/net/sockstat).
func socketMemory() int64 {
	b, _ := os.ReadFile("/proc/net/sockstat")
	for line := range strings.Lines(string(b)) {
		if _, pages, found := strings.Cut(line, " mem "); found && strings.HasPrefix(line, "TCP:") {
			n, _ := strconv.ParseInt(strings.TrimSpace(pages), 10, 64)
			return n * int64(os.Getpagesize())
		}
	}
	return 0
}

const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux

// cpuOf is the processor time of a process, user and system (proc_pid_stat(5), fields 14 and 15).
func cpuOf(pid int) time.Duration {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	return sumTicks(strings.Fields(rest), 11, 12)
}

// busy is the time of all processors that was not idle (proc_stat(5)).
func busy() time.Duration {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	return sumTicks(strings.Fields(line), 1, 2, 3, 6, 7)
}

func sumTicks(fields []string, which ...int) (d time.Duration) {
	for _, i := range which {
		if i < len(fields) {
			n, _ := strconv.ParseInt(fields[i], 10, 64)
			d += time.Duration(n) * tick
		}
	}
	return d
}

// metrics are the numbers of the server's admin port, by name with labels.
func metrics(admin string) (map[string]float64, error) {
	client := http.Client{Timeout: 5 * time.Minute}
	answer, err := client.Get(admin + "/metrics")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	all := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			all[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return all, nil
}

// kernelName is the release of the kernel, as uname -r.
func kernelName() string {
	b, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%s, %d processors", strings.TrimSpace(string(b)), runtime.NumCPU())
}

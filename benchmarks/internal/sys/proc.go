//go:build linux

package sys

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// CPU is the time the process has spent on processors, user and system, to the nanosecond
// (clock_getcpuclockid(3): the clock of another process is made of its id).
func CPU(pid int) (time.Duration, error) {
	const wholeProcess = 2 // CPUCLOCK_SCHED, and no CPUCLOCK_PERTHREAD_MASK
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|wholeProcess), &t); err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// Busy is the time that all processors together have not been idle, time stolen from this
// machine by others on its host included (proc_stat(5); to 10 ms).
func Busy() (time.Duration, error) {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return 0, fmt.Errorf("/proc/stat: no line of all processors")
	}
	var busy time.Duration
	for _, i := range []int{1, 2, 3, 6, 7, 8} { // user nice system irq softirq steal
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		busy += time.Duration(n) * tick
	}
	return busy, nil
}

// Memory is what a process has resident, in bytes. Pss counts shared pages in parts.
type Memory struct{ Rss, Pss int64 }

// ReadMemory reads /proc/PID/smaps_rollup.
func ReadMemory(pid int) (m Memory, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return m, err
	}
	for line := range bytes.Lines(b) {
		if v, ok := kilobytes(line, "Rss:"); ok {
			m.Rss = v
		}
		if v, ok := kilobytes(line, "Pss:"); ok {
			m.Pss = v
		}
	}
	if m.Rss == 0 {
		return m, fmt.Errorf("/proc/%d/smaps_rollup has no Rss", pid)
	}
	return m, nil
}

// KernelMemory is what the kernel holds, of the whole machine and in bytes: its slabs
// (/proc/meminfo), where sockets and epoll entries live, and the pages of TCP's buffers
// (/proc/net/sockstat). It moves with everything that runs.
func KernelMemory() (slab, tcp int64, err error) {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(info) {
		if v, ok := kilobytes(line, "Slab:"); ok {
			slab = v
		}
	}
	stat, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(stat) {
		if f := bytes.Fields(line); bytes.HasPrefix(line, []byte("TCP:")) && len(f) > 2 && string(f[len(f)-2]) == "mem" {
			pages, err := strconv.ParseInt(string(f[len(f)-1]), 10, 64)
			if err != nil {
				return 0, 0, fmt.Errorf("/proc/net/sockstat: %w", err)
			}
			tcp = pages * int64(os.Getpagesize())
		}
	}
	if slab == 0 {
		return 0, 0, fmt.Errorf("/proc/meminfo has no Slab")
	}
	return slab, tcp, nil
}

func kilobytes(line []byte, name string) (int64, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(name))
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 64)
	return n << 10, err == nil
}

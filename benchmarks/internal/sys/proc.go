//go:build linux

package sys

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of /proc/PID/stat (proc_pid_stat(5)): 1/100 s on every Linux.
const clockTick = 10 * time.Millisecond

// CPU is the time the process has spent on processors, user and system.
func CPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // the name may hold spaces
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: too short", pid)
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("/proc/%d/stat: no numbers", pid)
	}
	return time.Duration(user+system) * clockTick, nil
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

func kilobytes(line []byte, name string) (int64, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(name))
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 64)
	return n << 10, err == nil
}

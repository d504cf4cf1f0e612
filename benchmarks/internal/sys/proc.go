//go:build linux

package sys

import (
	"fmt"
	"os"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// CPU is the processor time of a process, user and system, to the nanosecond
// (clock_getcpuclockid(3): the clock of another process is made of its id).
func CPU(pid int) (time.Duration, error) {
	const wholeProcess = 2 // CPUCLOCK_SCHED, and no CPUCLOCK_PERTHREAD_MASK
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|wholeProcess), &t); err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// Busy is the time that all processors together have not been idle, to 10 ms. It includes the time
// that the host gave to other machines (steal).
func Busy() (time.Duration, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	stat, err := fs.Stat()
	if err != nil {
		return 0, err
	}
	c := stat.CPUTotal
	return time.Duration((c.User + c.Nice + c.System + c.IRQ + c.SoftIRQ + c.Steal) * float64(time.Second)), nil
}

// Memory is the resident memory of a process, in bytes. Pss counts a shared page in part.
type Memory struct{ Rss, Pss int64 }

// ReadMemory reads /proc/PID/smaps_rollup.
func ReadMemory(pid int) (Memory, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return Memory{}, err
	}
	m, err := p.ProcSMapsRollup()
	if err == nil && m.Rss == 0 {
		err = fmt.Errorf("/proc/%d/smaps_rollup has no Rss", pid)
	}
	return Memory{Rss: int64(m.Rss), Pss: int64(m.Pss)}, err
}

// KernelMemory is memory of the kernel for the whole machine, in bytes: its slabs, which contain
// sockets and epoll entries (/proc/meminfo), and the pages of TCP's buffers (/proc/net/sockstat). It
// changes with everything that runs on the machine.
func KernelMemory() (slab, tcp int64, err error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, 0, err
	}
	memory, err := fs.Meminfo()
	if err != nil {
		return 0, 0, err
	}
	if memory.SlabBytes == nil {
		return 0, 0, fmt.Errorf("/proc/meminfo has no Slab")
	}
	sockets, err := fs.NetSockstat()
	if err != nil {
		return 0, 0, err
	}
	for _, p := range sockets.Protocols {
		if p.Protocol == "TCP" && p.Mem != nil {
			tcp = int64(*p.Mem) * int64(os.Getpagesize())
		}
	}
	return int64(*memory.SlabBytes), tcp, nil
}

// Processor is the name of the first processor.
func Processor() string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return ""
	}
	all, err := fs.CPUInfo()
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[0].ModelName
}

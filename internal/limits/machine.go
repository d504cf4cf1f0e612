package limits

import (
	"bufio"
	"bytes"
	"io/fs"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// Machine is the source of the limits. Tests use another file system.
type Machine struct {
	Root     fs.FS // of the machine, with proc and sys
	Files    Files
	GoMemory int64 // GOMEMLIMIT in bytes; math.MaxInt64 if there is none
	Sudo     bool  // commands need sudo in front
}

// This returns the machine that the process runs on.
func This() (*Machine, error) {
	files, err := RaiseFiles()
	if err != nil {
		return nil, err
	}
	return &Machine{Root: os.DirFS("/"), Files: files, GoMemory: debug.SetMemoryLimit(-1), Sudo: os.Geteuid() != 0}, nil
}

// number returns the nth number of a file, ok=false if it has none.
func (m *Machine) number(path string, nth int) (int64, bool) {
	b, err := fs.ReadFile(m.Root, path)
	if err != nil {
		return 0, false
	}
	fields := bytes.Fields(b)
	if nth >= len(fields) {
		return 0, false
	}
	if string(fields[nth]) == "max" {
		return unlimited, true
	}
	n, err := strconv.ParseInt(string(fields[nth]), 10, 64)
	return n, err == nil
}

// sysctl reads net.core.somaxconn from /proc/sys/net/core/somaxconn.
func (m *Machine) sysctl(name string, nth int) (int64, bool) {
	return m.number("proc/sys/"+strings.ReplaceAll(name, ".", "/"), nth)
}

// memory returns the physical memory in bytes.
func (m *Machine) memory() (int64, bool) {
	f, err := m.Root.Open("proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if fields := strings.Fields(s.Text()); len(fields) > 1 && fields[0] == "MemTotal:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}

// cgroupMemory returns the smallest memory limit of the control groups of this process, and its file; ok=false if there is
// none.
func (m *Machine) cgroupMemory() (bytes int64, file string, ok bool) {
	bytes = unlimited
	for _, dir := range m.cgroupDirs() {
		for ; ; dir = dir[:strings.LastIndexByte(dir, '/')] {
			for _, name := range []string{"memory.max", "memory.limit_in_bytes"} {
				if n, found := m.number(dir+"/"+name, 0); found && n < bytes {
					bytes, file = n, "/"+dir+"/"+name
				}
			}
			if strings.Count(dir, "/") <= 2 {
				break
			}
		}
	}
	return bytes, file, bytes < 1<<60 // version 1 writes "no limit" as a huge number
}

// cgroupDirs returns the directories of the memory groups of this process, of the unified hierarchy and of version 1's memory
// controller. Inside of a container the path is often that of the host; then the root of the mount is the group.
func (m *Machine) cgroupDirs() []string {
	dirs := []string{"sys/fs/cgroup", "sys/fs/cgroup/memory"}
	b, _ := fs.ReadFile(m.Root, "proc/self/cgroup")
	for line := range strings.Lines(string(b)) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(part) != 3 || part[2] == "/":
		case part[1] == "":
			dirs = append(dirs, "sys/fs/cgroup"+part[2])
		case strings.Contains(part[1], "memory"):
			dirs = append(dirs, "sys/fs/cgroup/memory"+part[2])
		}
	}
	return dirs
}

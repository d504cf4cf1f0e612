package limits

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"
)

// machine returns a machine for a million connections, with these files changed.
func machine(change map[string]string) *Machine {
	files := map[string]string{
		"proc/sys/fs/nr_open":                     "2000000",
		"proc/sys/fs/file-max":                    "9223372036854775807",
		"proc/sys/fs/epoll/max_user_watches":      "5000000",
		"proc/sys/net/core/somaxconn":             "4096",
		"proc/sys/net/ipv4/tcp_max_syn_backlog":   "4096",
		"proc/sys/net/ipv4/tcp_mem":               "500000\t1000000\t1500000",
		"proc/sys/net/ipv4/ip_local_port_range":   "32768\t60999",
		"proc/sys/net/netfilter/nf_conntrack_max": "2000000",
		"proc/meminfo":                            "MemTotal:       33554432 kB\nMemFree: 1 kB\n",
		"proc/self/cgroup":                        "0::/system.slice/throng.service\n",
		"sys/fs/cgroup/system.slice/memory.max":   "max",
	}
	for path, text := range change {
		files[path] = text
	}
	root := fstest.MapFS{}
	for path, text := range files {
		if text != "" {
			root[path] = &fstest.MapFile{Data: []byte(text + "\n")}
		}
	}
	return &Machine{Root: root, Files: Files{1024, 2000000}, GoMemory: math.MaxInt64}
}

var million = Need{Connections: 1_000_000, HistoryBytes: 256 << 20}

func low(fs []Finding) (names []string) {
	for _, f := range fs {
		if !f.OK {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestSufficientLimitsAreOK(t *testing.T) {
	fs := machine(nil).Check(million)
	if names := low(fs); names != nil {
		t.Errorf("in the way: %q", names)
	}
	if len(fs) != 10 {
		t.Errorf("%d findings, want 10: %+v", len(fs), fs)
	}
	for _, f := range fs {
		if f.Fix != "" {
			t.Errorf("%s is fine, yet: %s", f.Name, f.Fix)
		}
	}
}

func TestEachLowLimitIsReported(t *testing.T) {
	for _, c := range []struct{ path, text, name, fix string }{
		{"proc/sys/fs/nr_open", "1048576000", "", ""},
		{"proc/sys/fs/nr_open", "1000000", "fs.nr_open", "sysctl -w fs.nr_open=1000256"},
		{"proc/sys/fs/file-max", "1000000", "fs.file-max", "sysctl -w fs.file-max="},
		{"proc/sys/fs/epoll/max_user_watches", "400000", "fs.epoll.max_user_watches", "sysctl -w fs.epoll.max_user_watches=1000256"},
		{"proc/sys/net/core/somaxconn", "128", "net.core.somaxconn", "sysctl -w net.core.somaxconn=4096"},
		{"proc/sys/net/ipv4/tcp_mem", "1 2 3", "net.ipv4.tcp_mem", "sysctl -w net.ipv4.tcp_mem='500000 750000 1000000'"},
		{"proc/sys/net/netfilter/nf_conntrack_max", "262144", "net.netfilter.nf_conntrack_max", "sysctl -w net.netfilter.nf_conntrack_max=1250000"},
		{"proc/sys/net/netfilter/nf_conntrack_max", "", "", ""}, // no firewall
		{"proc/meminfo", "MemTotal: 1048576 kB", "memory", ""},
		{"sys/fs/cgroup/system.slice/throng.service/memory.max", "1073741824", "memory",
			"sh -c 'echo 5967544320 > /sys/fs/cgroup/system.slice/throng.service/memory.max'"},
		{"sys/fs/cgroup/system.slice/memory.max", "1073741824", "memory", "> /sys/fs/cgroup/system.slice/memory.max'"},
		{"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712", "", ""}, // version 1's "none"
		{"sys/fs/cgroup/memory.max", "8589934592", "GOMEMLIMIT", "export GOMEMLIMIT="},
	} {
		found := machine(map[string]string{c.path: c.text}).Check(million)
		names := low(found)
		if c.name == "" {
			if names != nil {
				t.Errorf("%s = %q: %q in the way", c.path, c.text, names)
			}
			continue
		}
		i := indexOf(found, c.name)
		if i < 0 || found[i].OK {
			t.Errorf("%s = %q: %s is not in the way but %q", c.path, c.text, c.name, names)
			continue
		}
		if !strings.Contains(found[i].Fix, c.fix) || (c.fix == "" && found[i].Fix != "") {
			t.Errorf("%s: fix %q, want %q", c.name, found[i].Fix, c.fix)
		}
	}
}

func indexOf(fs []Finding, name string) int {
	for i, f := range fs {
		if f.Name == name {
			return i
		}
	}
	return -1
}

func TestLowFileLimitIsReported(t *testing.T) {
	m := machine(nil)
	m.Files, m.Sudo = Files{1024, 4096}, true
	found := m.Check(million)
	f := found[indexOf(found, "open files")]
	if f.OK || !strings.HasPrefix(f.Fix, "sudo prlimit --pid $$ --nofile=1000256:1000256") {
		t.Errorf("%+v", f)
	}
	for _, c := range []struct {
		hard uint64
		want int
	}{{100, 0}, {256, 0}, {257, 1}, {20000, 19744}, {math.MaxUint64, 1 << 30}} {
		if got := (Files{Hard: c.hard}).Connections(256); got != c.want {
			t.Errorf("hard limit %d: %d connections, want %d", c.hard, got, c.want)
		}
	}
}

// TestReserveGrowsWithLoopsAndAdminConnections: the number of reserved descriptors grows with the event loops and the admin
// connections, and a check counts it.
func TestReserveGrowsWithLoopsAndAdminConnections(t *testing.T) {
	for _, c := range []struct{ loops, admin, want int }{{1, 32, 256}, {8, 32, 256}, {10, 32, 256}, {11, 32, 261}, {64, 32, 738}, {2, 1000, 1148}} {
		if got := Reserve(c.loops, c.admin); got != c.want {
			t.Errorf("%d loops, %d connections of the admin port: %d descriptors, want %d", c.loops, c.admin, got, c.want)
		}
	}
	n := million
	n.Reserve = 5000
	m := machine(nil)
	m.Files.Hard = 1_004_999
	found := m.Check(n)
	if f := found[indexOf(found, "open files")]; f.OK || !strings.Contains(f.Detail, "needed 1005000") {
		t.Errorf("%+v", f)
	}
}

// TestFindingsAreInOrderOfFixes: fs.nr_open is reported first, because a hard limit cannot be raised above it.
func TestFindingsAreInOrderOfFixes(t *testing.T) {
	m := machine(map[string]string{"proc/sys/fs/nr_open": "1048576"})
	m.Files = Files{1024, 4096}
	n := Need{Connections: 2_000_000}
	if names := low(m.Check(n)); len(names) < 2 || names[0] != "fs.nr_open" || names[1] != "open files" {
		t.Errorf("in the way: %q", names)
	}
}

func TestLowMaxConnectionsIsReported(t *testing.T) {
	for _, c := range []struct{ configured, low int }{{0, 0}, {1_000_000, 0}, {5_000_000, 0}, {999_999, 1}} {
		n := million
		n.Configured = c.configured
		found := machine(nil).Check(n)
		names := low(found)
		if len(names) != c.low {
			t.Errorf("max_connections %d: %q in the way", c.configured, names)
		}
		if c.low > 0 && (names[0] != "max_connections" || !strings.Contains(found[0].Fix, "--max-connections 1000000")) {
			t.Errorf("max_connections %d: %+v", c.configured, found[0])
		}
	}
}

func TestSourceAddressesAreCounted(t *testing.T) {
	for _, c := range []struct{ ports, want string }{
		{"32768\t60999", "36 source addresses, 28232 connections each"},
		{"1024\t65535", "34 source addresses, 29500 connections each"},
	} {
		found := machine(map[string]string{"proc/sys/net/ipv4/ip_local_port_range": c.ports}).Check(million)
		f := found[indexOf(found, "net.ipv4.ip_local_port_range")]
		if !f.OK || !strings.Contains(f.Detail, c.want) {
			t.Errorf("ports %q: %+v, want %q", c.ports, f, c.want)
		}
	}
}

func TestLowGoMemoryLimitIsReported(t *testing.T) {
	m := machine(nil)
	m.GoMemory = 100 << 20
	if names := low(m.Check(million)); len(names) != 1 || names[0] != "GOMEMLIMIT" {
		t.Errorf("too small a GOMEMLIMIT: %q in the way", names)
	}
	m.GoMemory = 10 << 30
	if names := low(m.Check(million)); names != nil {
		t.Errorf("a good GOMEMLIMIT: %q in the way", names)
	}
}

// TestFileLimitIsOnlyFindingWithoutProc: on a machine without /proc and /sys the file limit is the only finding.
func TestFileLimitIsOnlyFindingWithoutProc(t *testing.T) {
	m := &Machine{Root: fstest.MapFS{}, Files: Files{10, 10_000_000}, GoMemory: math.MaxInt64}
	if fs := m.Check(million); len(fs) != 1 || !fs[0].OK {
		t.Errorf("%+v", fs)
	}
}

func TestThisRaisesFileLimit(t *testing.T) {
	m, err := This()
	if err != nil {
		t.Fatal(err)
	}
	if m.Files.Soft != m.Files.Hard {
		t.Errorf("the soft limit was not raised: %+v", m.Files)
	}
	m.Check(Need{Connections: 10})
}

// TestMemoryForSlowClientsIsCounted: data for clients that do not read counts as memory of the process, and as kernel memory
// for each of them.
func TestMemoryForSlowClientsIsCounted(t *testing.T) {
	for _, c := range []struct {
		name     string
		need     Need
		process  int64 // MiB more than without
		kernel   int64
		contains string
	}{
		{"bounded", Need{Connections: 1_000_000, BacklogBytes: 256 << 20, UnsentBytes: 32 << 10}, 256, 128, "64 KiB of the kernel for a client that does not read; 2048 of them"},
		{"the kernel's own", Need{Connections: 1_000_000, BacklogBytes: 256 << 20}, 256, 8192, "4096 KiB of the kernel"},
		{"fewer clients than there is memory for", Need{Connections: 100, BacklogBytes: 256 << 20, UnsentBytes: 32 << 10}, 256, 6, "100 of them are counted, 6 MiB"},
	} {
		none := Need{Connections: c.need.Connections}
		if got := (c.need.memory() - none.memory()) >> 20; got != c.process {
			t.Errorf("%s: %d MiB more for the process, want %d", c.name, got, c.process)
		}
		if got := (c.need.kernel() - none.kernel()) >> 20; got != c.kernel {
			t.Errorf("%s: %d MiB more for the kernel, want %d", c.name, got, c.kernel)
		}
		found := machine(nil).Check(c.need)
		if i := indexOf(found, "send buffers"); i < 0 || !strings.Contains(found[i].Detail, c.contains) {
			t.Errorf("%s: %+v", c.name, found)
		}
	}
}

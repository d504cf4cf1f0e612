package limits

import (
	"fmt"
	"strconv"
)

// Measured memory of an idle connection that has joined a room, see docs/million.md.
const (
	kernelPerConn  = 5 << 10
	processPerConn = 512
	processBase    = 64 << 20
	pageSize       = 4 << 10
	perForgotten   = 56        // of a room that is forgotten
	longAnswer     = 128 << 10 // history_max_bytes
	kernelBuffer   = 4 << 20   // net.ipv4.tcp_wmem
	kernelStep     = 32 << 10  // by which the kernel takes more than unsent_bytes
	perAddressPair = 29_500    // with more, the kernel searches long for a free port
)

// Need is the intended use of the server.
type Need struct {
	Connections  int
	Reserve      int // descriptors beside them, see Reserve
	HistoryBytes int64
	BacklogBytes int64 // backlog_bytes: the limit of data that waits for slow clients
	UnsentBytes  int64 // unsent_bytes: the kernel's data for one of them; 0: as much as its send buffer holds
	Forgotten    int   // forgotten_rooms
	Configured   int   // max_connections if it was set; 0: the file limit decides
}

// memory is the bytes that the process needs, kernel those of its sockets.
func (n Need) memory() int64 {
	return processBase + int64(n.Connections)*processPerConn + n.HistoryBytes + n.BacklogBytes + int64(n.Forgotten)*perForgotten
}
func (n Need) kernel() int64 {
	return int64(n.Connections)*kernelPerConn + n.unreading()*n.sendBuffer()
}

// unreading is how many clients that do not read there is memory for: one long answer each fills backlog_bytes.
func (n Need) unreading() int64 { return min(int64(n.Connections), n.BacklogBytes/longAnswer) }

// sendBuffer is the memory that the kernel holds for a client that does not read.
func (n Need) sendBuffer() int64 {
	if n.UnsentBytes == 0 {
		return kernelBuffer
	}
	return n.UnsentBytes + kernelStep
}
func (n Need) files() int64 { return int64(n.Connections + max(n.Reserve, LeastReserve)) }

// Finding is one limit, compared with the need.
type Finding struct {
	Name   string
	OK     bool
	Detail string
	Fix    string // the command that lifts the limit; "" if OK or if there is none
}

// Check compares every limit that matters for many connections. Limits that this machine does not have are left out. The
// commands work in the order of the findings.
func (m *Machine) Check(n Need) []Finding {
	var all []Finding
	for _, check := range []func(Need) []Finding{
		m.checkConfigured, m.checkSystemFiles, m.checkFiles, m.checkWatches, m.checkBacklog, m.checkTCPMemory,
		m.checkConntrack, m.checkMemory, m.checkSendBuffers, m.checkGoMemory, m.checkPorts,
	} {
		all = append(all, check(n)...)
	}
	return all
}

func (m *Machine) checkConfigured(n Need) []Finding {
	if n.Configured == 0 || n.Configured >= n.Connections {
		return nil
	}
	return []Finding{{
		Name: "max_connections", Detail: fmt.Sprintf("%d, needed %d", n.Configured, n.Connections),
		Fix: fmt.Sprintf("throng serve --max-connections %d   (or max_connections in the file)", n.Connections),
	}}
}

func (m *Machine) checkFiles(n Need) []Finding {
	need := n.files()
	f := Finding{
		Name: "open files", OK: m.Files.Hard >= uint64(need),
		Detail: fmt.Sprintf("soft %d, hard %d, needed %d", m.Files.Soft, m.Files.Hard, need),
	}
	if !f.OK {
		f.Fix = m.command("prlimit --pid $$ --nofile=%d:%d", need, need) +
			fmt.Sprintf("   (this shell; under systemd LimitNOFILE=%d, with Docker --ulimit nofile=%d:%d)", need, need, need)
	}
	return []Finding{f}
}

// checkSystemFiles: fs.nr_open is the greatest hard limit of a process,
// fs.file-max the limit of all processes together.
func (m *Machine) checkSystemFiles(n Need) []Finding {
	need := n.files()
	return append(m.atLeast("fs.nr_open", 0, need), m.atLeast("fs.file-max", 0, need+need/10)...)
}

// checkWatches: each connection is one watch of epoll, bounded per user.
func (m *Machine) checkWatches(n Need) []Finding {
	return m.atLeast("fs.epoll.max_user_watches", 0, n.files())
}

// checkBacklog: after a restart all clients reconnect at once. The kernel's default since 5.4 is 4096.
func (m *Machine) checkBacklog(n Need) []Finding {
	if n.Connections < 4096 {
		return nil
	}
	return append(m.atLeast("net.core.somaxconn", 0, 4096), m.atLeast("net.ipv4.tcp_max_syn_backlog", 0, 1024)...)
}

// checkTCPMemory: tcp_mem counts pages of buffers. An idle connection has none; a broadcast to all may need one page for each
// connection for a moment.
func (m *Machine) checkTCPMemory(n Need) []Finding {
	high, ok := m.sysctl("net.ipv4.tcp_mem", 2)
	if !ok {
		return nil
	}
	need := int64(n.Connections)
	f := Finding{Name: "net.ipv4.tcp_mem", OK: high >= need, Detail: fmt.Sprintf("%d pages, needed %d", high, need)}
	if !f.OK {
		f.Detail += ": a page of buffer each, for a message to all"
		f.Fix = m.command("sysctl -w net.ipv4.tcp_mem='%d %d %d'", need/2, need*3/4, need)
	}
	return []Finding{f}
}

// checkConntrack: a full table drops new connections. It exists only where the
// firewall tracks connections.
func (m *Machine) checkConntrack(n Need) []Finding {
	return m.atLeast("net.netfilter.nf_conntrack_max", 0, int64(n.Connections)*5/4)
}

func (m *Machine) checkMemory(n Need) []Finding {
	have, ok := m.memory()
	if !ok {
		return nil
	}
	where := "physical"
	limit, file, limited := m.cgroupMemory()
	if limited = limited && limit < have; limited {
		have, where = limit, file
	}
	need := n.memory() + n.kernel()
	f := Finding{
		Name: "memory", OK: have >= need,
		Detail: fmt.Sprintf("%s (%s), needed about %s: %s for the process (%d B a connection), %s for the kernel's sockets (%d KiB)",
			mib(have), where, mib(need), mib(n.memory()), processPerConn, mib(n.kernel()), kernelPerConn>>10),
	}
	if !f.OK && limited {
		f.Fix = m.command("sh -c 'echo %d > %s'", need, file)
	}
	return []Finding{f}
}

// checkSendBuffers reports the kernel memory that clients that do not read can take, which memory does not include.
func (m *Machine) checkSendBuffers(n Need) []Finding {
	pages, ok := m.sysctl("net.ipv4.tcp_mem", 2)
	if !ok || n.BacklogBytes == 0 {
		return nil
	}
	most := min(int64(n.Connections)*n.sendBuffer(), pages*pageSize)
	return []Finding{{
		Name: "send buffers", OK: true,
		Detail: fmt.Sprintf("%d KiB of the kernel for a client that does not read; %d of them are counted, %s if none of all reads (within net.ipv4.tcp_mem)",
			n.sendBuffer()>>10, n.unreading(), mib(most)),
	}}
}

// checkGoMemory: in a control group GOMEMLIMIT should be below its limit, and never below what the process needs.
func (m *Machine) checkGoMemory(n Need) []Finding {
	limit, _, limited := m.cgroupMemory()
	want := max(limit-n.kernel()-limit/20, n.memory())
	switch {
	case m.GoMemory < n.memory():
		return []Finding{{
			Name: "GOMEMLIMIT", Detail: fmt.Sprintf("%s, needed %s: the collector would never rest", mib(m.GoMemory), mib(n.memory())),
			Fix: fmt.Sprintf("export GOMEMLIMIT=%dMiB", n.memory()>>20+1),
		}}
	case limited && m.GoMemory >= limit:
		return []Finding{{
			Name: "GOMEMLIMIT", Detail: "unset or above the memory limit: the collector does not know when to hurry",
			Fix: fmt.Sprintf("export GOMEMLIMIT=%dMiB", want>>20),
		}}
	case m.GoMemory == unlimited:
		return nil
	}
	return []Finding{{Name: "GOMEMLIMIT", OK: true, Detail: mib(m.GoMemory)}}
}

// checkPorts reports the limit of a load generator: all connections of a server share one port.
func (m *Machine) checkPorts(n Need) []Finding {
	low, ok := m.sysctl("net.ipv4.ip_local_port_range", 0)
	high, ok2 := m.sysctl("net.ipv4.ip_local_port_range", 1)
	if !ok || !ok2 {
		return nil
	}
	each := max(1, min(high-low+1, perAddressPair))
	return []Finding{{
		Name: "net.ipv4.ip_local_port_range", OK: true,
		Detail: fmt.Sprintf("%d to %d: no limit for the server; a load generator here needs %d source addresses, %d connections each",
			low, high, (int64(n.Connections)+each-1)/each, each),
	}}
}

// atLeast checks one number of a sysctl that can be raised freely.
func (m *Machine) atLeast(name string, nth int, need int64) []Finding {
	have, ok := m.sysctl(name, nth)
	if !ok {
		return nil
	}
	f := Finding{Name: name, OK: have >= need, Detail: fmt.Sprintf("%d, needed %d", have, need)}
	if !f.OK {
		f.Fix = m.command("sysctl -w %s=%d", name, need)
	}
	return []Finding{f}
}

func (m *Machine) command(format string, args ...any) string {
	c := fmt.Sprintf(format, args...)
	if m.Sudo {
		return "sudo " + c
	}
	return c
}

func mib(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }

package limits

import "fmt"

// ClientNeed is the intended use of a load tester.
type ClientNeed struct {
	Connections int
	Processes   int  // that share the connections
	Sources     int  // addresses to connect from; 1 if the kernel chooses
	Both        bool // the server is on this machine too
}

// CheckClient compares every limit that matters for many connections from this machine to one address and port. Limits that
// this machine does not have are left out.
func (m *Machine) CheckClient(n ClientNeed) []Finding {
	ends := 1
	if n.Both {
		ends = 2
	}
	server := Need{Connections: n.Connections * ends}
	all := m.clientFiles(n)
	all = append(all, m.clientPorts(n)...)
	all = append(all, m.atLeast("fs.file-max", 0, int64(server.Connections)+LeastReserve)...)
	all = append(all, m.checkWatches(Need{Connections: n.Connections})...)
	all = append(all, m.checkTCPMemory(server)...)
	return append(all, m.checkConntrack(server)...)
}

// clientFiles: each process has its part of the connections.
func (m *Machine) clientFiles(n ClientNeed) []Finding {
	each := (n.Connections + n.Processes - 1) / max(1, n.Processes)
	need := uint64(each) + LeastReserve
	f := Finding{
		Name: "open files", OK: m.Files.Hard >= need,
		Detail: fmt.Sprintf("hard limit %d, each of %d processes needs %d", m.Files.Hard, n.Processes, need),
	}
	if !f.OK {
		f.Fix = m.command("prlimit --pid $$ --nofile=%d:%d", need, need) + "   (this shell; or more --processes)"
	}
	return []Finding{f}
}

// clientPorts: a pair of addresses has one connection for each ephemeral port.
func (m *Machine) clientPorts(n ClientNeed) []Finding {
	low, ok := m.sysctl("net.ipv4.ip_local_port_range", 0)
	high, ok2 := m.sysctl("net.ipv4.ip_local_port_range", 1)
	if !ok || !ok2 {
		return nil
	}
	ports, sources := high-low+1, int64(max(1, n.Sources))
	need := (int64(n.Connections) + sources - 1) / sources
	f := Finding{
		Name: "ports of each source address", OK: ports >= need,
		Detail: fmt.Sprintf("%d (%d to %d), needed %d from each of %d addresses", ports, low, high, need, sources),
	}
	if !f.OK {
		f.Fix = m.command("sysctl -w net.ipv4.ip_local_port_range='1024 65535'") + "   (or more addresses: --source 127.0.0.2-127.0.0.40)"
	}
	return []Finding{f}
}

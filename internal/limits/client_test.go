package limits

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckClient(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		need   ClientNeed
		low    []string
		fix    string
	}{
		"nothing":       {nil, ClientNeed{Connections: 1_000_000, Processes: 1, Sources: 40, Both: false}, nil, ""},
		"few addresses": {nil, ClientNeed{Connections: 100_000, Processes: 1, Sources: 2}, []string{"ports of each source address"}, "ip_local_port_range="},
		"no address":    {nil, ClientNeed{Connections: 30_000, Processes: 1}, []string{"ports of each source address"}, "--source"},
		"files":         {nil, ClientNeed{Connections: 3_000_000, Processes: 1, Sources: 200}, []string{"open files", "net.ipv4.tcp_mem", "net.netfilter.nf_conntrack_max"}, "--nofile=3000256:3000256"},
		"processes":     {nil, ClientNeed{Connections: 1_000_000, Processes: 2, Sources: 200, Both: true}, []string{"net.ipv4.tcp_mem", "net.netfilter.nf_conntrack_max"}, ""},
		"no firewall": {map[string]string{"proc/sys/net/netfilter/nf_conntrack_max": ""},
			ClientNeed{Connections: 1_000_000, Processes: 2, Sources: 200, Both: true}, []string{"net.ipv4.tcp_mem"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := machine(c.change).CheckClient(c.need)
			if got := low(found); !slices.Equal(got, c.low) {
				t.Fatalf("in the way: %q, want %q", got, c.low)
			}
			if c.fix != "" && !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.Fix, c.fix) }) {
				t.Errorf("no %q in %+v", c.fix, found)
			}
		})
	}
}

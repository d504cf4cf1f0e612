package hosts

import (
	"net"
	"net/netip"
	"strings"
)

// Rule is the set of hosts that a listener answers to. It is immutable, so any goroutine may use it.
// The zero Rule is that of a loopback listener.
type Rule struct {
	any       bool
	addresses bool            // every IP address is in the set
	names     map[string]bool // in lower case, without port
}

// Listener is the rule of a listener bound to addr that knows no names: on loopback the loopback names,
// elsewhere every host. A nil addr is not on loopback.
func Listener(addr net.Addr) Rule { return Rule{any: !loopback(addr)} }

// Admin is the rule of the admin port, bound to addr. A loopback listener answers to the loopback names
// and to names. Others answer to every host as long as there are no names; then to these, to the
// loopback names and to every IP address: no page of a browser comes from an address that is not its
// server's.
func Admin(addr net.Addr, names []string) Rule {
	r := Rule{names: make(map[string]bool, len(names))}
	for _, name := range names {
		if host, ok := Name(name); ok {
			r.names[host] = true
		}
		r.any = r.any || name == "*"
	}
	if !loopback(addr) {
		r.addresses = true
		r.any = r.any || len(names) == 0
	}
	return r
}

// Allows reports whether host, the value of a Host header, is in the set; its port does not matter. An
// empty one is: HTTP/1.0 needs no Host, and browsers always send it.
func (r Rule) Allows(host string) bool {
	if r.any || host == "" {
		return true
	}
	name, ok := Name(host)
	if !ok {
		return false
	}
	if ip, err := netip.ParseAddr(name); err == nil && (r.addresses || ip.Unmap().IsLoopback()) {
		return true
	}
	return name == "localhost" || r.names[name]
}

// Valid reports whether entry can stand in a list of names: a host without a port, or "*".
func Valid(entry string) bool {
	_, ok := Name(entry)
	return entry == "*" || ok && portAt(entry) < 0
}

// portAt is the index of the colon in front of the port, or -1.
func portAt(hostport string) int {
	if i := strings.LastIndexByte(hostport, ':'); i > strings.LastIndexByte(hostport, ']') {
		return i
	}
	return -1
}

// Name is host[:port] without its port, in lower case, an IPv6 address without its brackets; ok is false
// if it is no name and no address.
func Name(hostport string) (name string, ok bool) {
	host, bracketed := hostport, strings.HasPrefix(hostport, "[")
	if i := portAt(hostport); i >= 0 {
		if !digits(hostport[i+1:]) {
			return "", false
		}
		host = hostport[:i]
	}
	if bracketed {
		ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
		return ip.String(), err == nil && ip.Is6() && ip.Zone() == "" && strings.HasSuffix(host, "]")
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host, host != "" && !strings.ContainsFunc(host, notInName)
}

func digits(port string) bool {
	return port != "" && !strings.ContainsFunc(port, func(r rune) bool { return r < '0' || r > '9' })
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

func loopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

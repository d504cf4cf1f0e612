package config

import (
	"net"
	"os"
	"strings"

	"golang.org/x/net/idna"

	"github.com/throngd/throng/netpoll/upgrade"
)

// validateOrigins converts the list to the form in which browsers send origins. An entry that matches no origin of a browser
// is an error.
func (l *Loaded) validateOrigins() error {
	for i, o := range l.AllowedOrigins {
		normal, err := upgrade.NormalOrigin(asciiOrigin(o))
		if err != nil {
			return l.bad("allowed_origins", "%v", err)
		}
		l.AllowedOrigins[i] = normal
	}
	return nil
}

// browserNames converts internationalised names to the form that browsers send (URL Standard, section 3.3: UTS 46, not
// transitional).
var browserNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule())

// asciiOrigin converts the host of an entry. One that cannot be converted is returned as it is, and refused later.
func asciiOrigin(entry string) string {
	scheme, rest, found := strings.Cut(entry, "://")
	if !found || !strings.ContainsFunc(rest, func(r rune) bool { return r > '~' }) {
		return entry
	}
	host, port := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		host, port = rest[:i], rest[i:]
	}
	name, sub := strings.CutPrefix(host, "*.")
	ascii, err := browserNames.ToASCII(name)
	if err != nil {
		return entry
	}
	if sub {
		ascii = "*." + ascii
	}
	return scheme + "://" + ascii + port
}

// LocalOrigins lists the origins of this machine at any port: its loopback
// names, its host name and the addresses of its interfaces, so that a phone on the same network can open the page. Behind an
// address translation, in a container or a tunnel the machine does not know its public address: the last entry allows every
// IP address that is also the Host. Other names are not allowed: their owners could point them here (DNS rebinding).
func LocalOrigins() []string {
	hosts := []string{"localhost", "127.0.0.1", "[::1]"}
	if name, err := os.Hostname(); err == nil && name != "localhost" {
		hosts = append(hosts, name)
		if !strings.Contains(name, ".") {
			hosts = append(hosts, name+".local") // mDNS (RFC 6762), which answers from this network only
		}
	}
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			hosts = append(hosts, urlHost(ip.IP))
		}
	}
	var origins []string
	for _, h := range hosts {
		for _, scheme := range []string{"http", "https"} {
			if o, err := upgrade.NormalOrigin(scheme + "://" + h + ":*"); err == nil { // a host name may be anything
				origins = append(origins, o)
			}
		}
	}
	return append(origins, upgrade.SameAddress)
}

func urlHost(ip net.IP) string {
	if ip.To4() == nil {
		return "[" + ip.String() + "]"
	}
	return ip.String()
}

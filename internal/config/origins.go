package config

import (
	"net"
	"os"
	"strings"

	"golang.org/x/net/idna"

	"github.com/throngd/throng/netpoll/upgrade"
)

// validateOrigins brings the list into the form in which browsers send origins. An
// entry that no browser's origin can ever match is an error.
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

// browserNames turns internationalised names into what browsers send (URL
// Standard, section 3.3: UTS 46, not transitional).
var browserNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule())

// asciiOrigin writes the host of an entry as browsers do. What is no such host
// stays as it is, and is refused as that.
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
// names, its host name and the addresses of its interfaces, so that a phone on
// the same network can open the page too. Behind an address translation, in a
// container or a tunnel the machine does not know the address under which it is
// reached: the last entry lets every address in that is also the Host. Names
// other than its own stay out: their owners can point them here (DNS rebinding).
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

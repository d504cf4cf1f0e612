package hosts

import (
	"net"
	"testing"
)

var (
	onLoopback  = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9090}
	onLoopback6 = &net.TCPAddr{IP: net.IPv6loopback, Port: 9090}
	onWildcard  = &net.TCPAddr{IP: net.IPv6unspecified, Port: 9090}
	onUnix      = &net.UnixAddr{Name: "/run/admin"}
)

// TestLoopbackListenerAllowsLoopbackNamesOnly: only loopback addresses and localhost are allowed. All other names and
// spellings are refused, because they may be those of a page (DNS rebinding).
func TestLoopbackListenerAllowsLoopbackNamesOnly(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost:8080": true, "localhost.": true, "127.0.0.1": true, "127.0.0.1:1": true, "127.9.9.9:80": true,
		"[::1]": true, "[::1]:9090": true, "[::ffff:127.0.0.1]:80": true, "[0:0:0:0:0:0:0:1]": true, "": true,

		"evil.example": false, "evil.example:9090": false, "localhost.evil.example": false, "evil.localhost": false,
		"127.0.0.1.evil.example": false, "192.0.2.1": false, "0.0.0.0": false, "[::]": false, "[2001:db8::1]:80": false,
		"127.1": false, "2130706433": false, "0x7f.0.0.1": false, "127.0.0.1:": false, "127.0.0.1:x": false, "::1": false,
		"[::1": false, "[::1]x": false, "[::1%lo]": false, "[localhost]": false, "localhost:1:2": false, "user@localhost": false,
		"localhost/": false, "localhost, evil.example": false, "lócalhost": false, ".": false, ":80": false, " localhost": false,
	} {
		for _, addr := range []net.Addr{onLoopback, onLoopback6} {
			for what, r := range map[string]Rule{"listener": Listener(addr), "admin": Admin(addr, nil), "zero": {}} {
				if got := r.Allows(host); got != want {
					t.Errorf("%s on %s: %q is allowed: %v", what, addr, host, got)
				}
			}
		}
	}
}

func TestNamedHostsAreAllowed(t *testing.T) {
	admin := Admin(onLoopback, []string{"metrics.internal", "10.0.0.7"})
	for host, want := range map[string]bool{"metrics.internal:9090": true, "10.0.0.7": true, "10.0.0.8": false, "internal": false} {
		if got := admin.Allows(host); got != want {
			t.Errorf("admin: %q is allowed: %v", host, got)
		}
	}
}

func TestOtherListenersAllowEveryHost(t *testing.T) {
	for what, r := range map[string]Rule{
		"wildcard":        Listener(onWildcard),
		"not bound":       Listener(nil),
		"admin, any":      Admin(onLoopback, []string{"*"}),
		"admin, wildcard": Admin(onWildcard, nil),
		"admin, unix":     Admin(onUnix, nil),
	} {
		if !r.Allows("b.example:80") {
			t.Errorf("%s refuses", what)
		}
	}
	// With names, the probes of a cluster still come by address.
	r := Admin(onWildcard, []string{"metrics.internal"})
	for host, want := range map[string]bool{"10.1.2.3:9090": true, "[2001:db8::1]": true, "metrics.internal": true, "localhost": true, "evil.example": false} {
		if got := r.Allows(host); got != want {
			t.Errorf("admin with names: %q is allowed: %v", host, got)
		}
	}
}

func TestValid(t *testing.T) {
	for entry, want := range map[string]bool{
		"*": true, "metrics.internal": true, "10.0.0.7": true, "[2001:db8::1]": true,
		"": false, "a:80": false, "[::1]:80": false, "::1": false, "http://a": false, "a b": false, "*.a": false,
	} {
		if got := Valid(entry); got != want {
			t.Errorf("%q is valid: %v", entry, got)
		}
	}
}

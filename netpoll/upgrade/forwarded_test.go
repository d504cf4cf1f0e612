package upgrade

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// TestClientBehindProxies: 10/8 and 2001:db8::/32 are trusted.
func TestClientBehindProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	trusts := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	for _, c := range []struct{ header, want string }{ // want: the client, "" if none, or bad
		{"X-Forwarded-For: 9.9.9.9", "9.9.9.9:0"},
		{"x-forwarded-for: 6.6.6.6, 9.9.9.9", "9.9.9.9:0"}, // 6.6.6.6 was sent by the client
		{"X-Forwarded-For: 6.6.6.6,9.9.9.9, 10.0.0.1", "9.9.9.9:0"},
		{"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 10.0.0.1", "9.9.9.9:0"},
		{"X-Forwarded-For: 10.0.0.2, 10.0.0.1", "10.0.0.2:0"}, // both are trusted
		{"X-Forwarded-For: 9.9.9.9:123", "9.9.9.9:123"},
		{"X-Forwarded-For: 2001:db9::1", "[2001:db9::1]:0"},
		{"X-Forwarded-For: [2001:db9::1]:123, 2001:db8::1", "[2001:db9::1]:123"},
		{"X-Forwarded-For: ::ffff:9.9.9.9", "9.9.9.9:0"},
		{"X-Forwarded-For: fe80::1%eth0", "[fe80::1]:0"},
		{"X-Forwarded-For: 6.6.6.6, unknown", ""},
		{"X-Forwarded-For: 6.6.6.6, evil, 10.0.0.1", "10.0.0.1:0"},
		{"X-Forwarded-For:", ""},
		// RFC 9110, section 5.6.1: empty elements count for nothing, and 5.3: lines are one list.
		{"X-Forwarded-For: 203.0.113.1,", "203.0.113.1:0"},
		{"X-Forwarded-For: ,, 203.0.113.1 ,\t,", "203.0.113.1:0"},
		{"X-Forwarded-For: 6.6.6.6,\r\nX-Forwarded-For: ,203.0.113.1,\r\nX-Forwarded-For:", "203.0.113.1:0"},
		{"X-Forwarded-For: 203.0.113.1,\r\nX-Other: 6.6.6.6\r\nX-FORWARDED-FOR: 10.0.0.1:8080,", "203.0.113.1:0"},
		{"X-Forwarded-For: [2001:db9::1]", "[2001:db9::1]:0"},
		{"X-Forwarded-For: [2001:db9::1]:443,", "[2001:db9::1]:443"},
		{"X-Forwarded-For: [9.9.9.9]", ""},
		{"X-Forwarded-For: \"6.6.6.6, 9.9.9.9", "9.9.9.9:0"}, // a quote means nothing here
		{"X-Forwarded-For: 9.9.9.9:99999", ""},
		{"X-Forwarded: 9.9.9.9", ""},
		{"Forwarded: for=9.9.9.9", "9.9.9.9:0"},
		{"Forwarded: proto=https;by=10.0.0.1; For=\"9.9.9.9:47011\" ;host=x", "9.9.9.9:47011"},
		{"Forwarded: for=6.6.6.6, for=9.9.9.9", "9.9.9.9:0"},
		{"Forwarded: for=6.6.6.6\r\nForwarded: for=9.9.9.9, for=10.1.1.1", "9.9.9.9:0"},
		{"Forwarded: for=\"[2001:db9::1]:4711\"", "[2001:db9::1]:4711"},
		{"Forwarded: for=\"[2001:db9::1]\"", "[2001:db9::1]:0"},
		{"Forwarded: for=9.9.9.9:123", "9.9.9.9:123"}, // should be quoted
		{"Forwarded: for=_hidden", ""},
		{"Forwarded: for=6.6.6.6, for=unknown", ""},
		{"Forwarded: host=\"a,for=6.6.6.6\";for=9.9.9.9", "9.9.9.9:0"},
		{"Forwarded: proto=https", ""},
		{"Forwarded: , for=9.9.9.9 ,, ", "9.9.9.9:0"},
		{"Forwarded:\r\nForwarded: for=9.9.9.9,\r\nForwarded: ,", "9.9.9.9:0"},
		{"Forwarded: host=\"a\\\"b,\\\\\";for=9.9.9.9", "9.9.9.9:0"}, // RFC 9110, section 5.6.4
		{"Forwarded: for=\"\\9.9.9\\.9\"", "9.9.9.9:0"},
		{"Forwarded: FOR=9.9.9.9;Proto=http;;", "9.9.9.9:0"},
		{"Forwarded: for=\"6.6.6.6\\, for=\"9.9.9.9\"", "bad"},
		{"Forwarded: for=\"6.6.6.6, for=9.9.9.9", "bad"},       // the client left a quote open
		{"Forwarded: for=\"6.6.6.6, for=\"[2001::1]\"", "bad"}, // and the proxy's own closes it
		{"Forwarded: for=\"6.6.6.6\\\", for=9.9.9.9", "bad"},
		{"Forwarded: for=6.6.6.6;for=9.9.9.9", "bad"},
		{"Forwarded: for", "bad"},
		{"Forwarded: for= 9.9.9.9", "bad"},
		{"Forwarded: for=9.9.9.9 x", "bad"},
		{"Forwarded: =9.9.9.9", "bad"},
	} {
		name, _, _ := strings.Cut(c.header, ":")
		r := Request{block: []byte("GET / HTTP/1.1\r\nHost: x\r\n" + c.header + "\r\n\r\n")}
		got := "bad"
		if a, reject := r.Client(name, trusts); reject == nil {
			got = ""
			if a.IsValid() {
				got = a.String()
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.header, got, c.want)
		}
	}
}

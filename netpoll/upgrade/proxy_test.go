package upgrade

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
)

// proxyV2 is a header of version 2. The bytes of what are the version and command, and the family.
func proxyV2(what string, block string) string {
	return proxySigV2 + what + string(binary.BigEndian.AppendUint16(nil, uint16(len(block)))) + block
}

const (
	block4 = "\x09\x08\x07\x06\x7f\x00\x00\x01\x11\x5c\x00\x50"
	block6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" + "\x11\x5c\x00\x50"
)

var proxyHeaders = []struct{ name, in, want string }{ // want: the source, "" if none, or bad
	{"v1 TCP4", "PROXY TCP4 9.8.7.6 127.0.0.1 4444 80\r\n", "9.8.7.6:4444"},
	{"v1 TCP6", "PROXY TCP6 2001:db8::9 ::1 4444 80\r\n", "[2001:db8::9]:4444"},
	{"v1 mapped", "PROXY TCP6 ::ffff:9.8.7.6 ::1 4444 80\r\n", "9.8.7.6:4444"},
	{"v1 unknown", "PROXY UNKNOWN\r\n", ""},
	{"v1 unknown, long", "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", ""},
	{"v1 too long", "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", "bad"},
	{"v1 endless", "PROXY UNKNOWN " + strings.Repeat("x", 200), "bad"},
	{"v1 bare LF", "PROXY TCP4 9.8.7.6 127.0.0.1 4444 80\n", "bad"},
	{"v1 bare CR", "PROXY TCP4 9.8.7.6 127.0.0.1 4444 80\r.", "bad"},
	{"v1 NUL", "PROXY UNKNOWN \x00\r\n", "bad"},
	{"v1 families", "PROXY TCP4 2001:db8::9 ::1 4444 80\r\n", "bad"},
	{"v1 other families", "PROXY TCP6 9.8.7.6 127.0.0.1 4444 80\r\n", "bad"},
	{"v1 zone", "PROXY TCP6 fe80::1%eth0 ::1 4444 80\r\n", "bad"},
	{"v1 two spaces", "PROXY TCP4  9.8.7.6 127.0.0.1 4444 80\r\n", "bad"},
	{"v1 more", "PROXY TCP4 9.8.7.6 127.0.0.1 4444 80 1\r\n", "bad"},
	{"v1 less", "PROXY TCP4 9.8.7.6 127.0.0.1 4444\r\n", "bad"},
	{"v1 port", "PROXY TCP4 9.8.7.6 127.0.0.1 65536 80\r\n", "bad"},
	{"v1 port with a zero", "PROXY TCP4 9.8.7.6 127.0.0.1 04444 80\r\n", "bad"},
	{"v1 port with a sign", "PROXY TCP4 9.8.7.6 127.0.0.1 +444 80\r\n", "bad"},
	{"v1 UDP", "PROXY UDP4 9.8.7.6 127.0.0.1 4444 80\r\n", "bad"},
	{"v1 lower case", "proxy TCP4 9.8.7.6 127.0.0.1 4444 80\r\n", "bad"},
	{"v2 TCP4", proxyV2("\x21\x11", block4), "9.8.7.6:4444"},
	{"v2 TCP4 and TLVs", proxyV2("\x21\x11", block4+"\x04\x00\x03abc"), "9.8.7.6:4444"},
	{"v2 TCP6", proxyV2("\x21\x21", block6), "[2001:db8::9]:4444"},
	{"v2 local", proxyV2("\x20\x00", ""), ""},
	{"v2 local with an address", proxyV2("\x20\x11", block4), ""},
	{"v2 unspecified", proxyV2("\x21\x00", "xyz"), ""},
	{"v2 short", proxyV2("\x21\x11", block4[:11]), "bad"},
	{"v2 short TCP6", proxyV2("\x21\x21", block6[:35]), "bad"},
	{"v2 UDP", proxyV2("\x21\x12", block4), "bad"},
	{"v2 command", proxyV2("\x22\x11", block4), "bad"},
	{"v2 version", proxyV2("\x11\x11", block4), "bad"},
	{"v2 too long", proxySigV2 + "\x21\x11\xff\xff", "bad"},
	{"HTTP", "GET / HTTP/1.1\r\n", "bad"},
	{"TLS", "\x16\x03\x01", "bad"},
}

// TestParseProxy feeds every header whole and a byte at a time, with something behind it.
func TestParseProxy(t *testing.T) {
	for _, c := range proxyHeaders {
		t.Run(c.name, func(t *testing.T) {
			source, n, err := ParseProxyHeader([]byte(c.in + "GET"))
			got := ""
			switch {
			case err != nil:
				got = "bad"
			case n != len(c.in):
				t.Errorf("%d bytes of %d", n, len(c.in))
			case source.IsValid():
				got = source.String()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			for i := range len(c.in) {
				switch s, n, err := ParseProxyHeader([]byte(c.in[:i])); {
				case n != 0 || s.IsValid():
					t.Fatalf("%v and %d after %d bytes", s, n, i)
				case err != nil && c.want != "bad":
					t.Fatalf("%v after %d bytes", err, i)
				case err != nil:
					return
				}
			}
		})
	}
}

// FuzzProxyHeader: a result for a part of the input holds for the whole; the length of a header is bounded, and its
// source has a text form.
func FuzzProxyHeader(f *testing.F) {
	for _, c := range proxyHeaders {
		f.Add([]byte(c.in), uint(5))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint) {
		source, n, err := ParseProxyHeader(in)
		if n < 0 || n > len(in) || n > proxyV2Len+maxProxyV2 || (err != nil && n != 0) {
			t.Fatalf("%d of %d bytes, %v", n, len(in), err)
		}
		if err == nil && n == 0 && len(in) >= proxyV2Len+maxProxyV2 {
			t.Fatal("never enough")
		}
		if n == 0 && source.IsValid() {
			t.Fatalf("%v of an incomplete header", source)
		}
		if source.IsValid() {
			if again, err := netip.ParseAddrPort(source.String()); err != nil || again != source || source.Addr().Is4In6() {
				t.Fatalf("%v is %v, %v", source, again, err)
			}
		}
		part := in[:cut%uint(len(in)+1)]
		s, m, e := ParseProxyHeader(part)
		switch {
		case m > 0 && (m != n || s != source):
			t.Fatalf("%v in %d bytes, %v in %d of more", s, m, source, n)
		case e != nil && err == nil:
			t.Fatalf("%v only for a part", e)
		}
	})
}

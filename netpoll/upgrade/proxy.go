package upgrade

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// The PROXY protocol (haproxy.org/download/3.2/doc/proxy-protocol.txt): a proxy sends one header with the address of its
// client in front of everything else, TLS included. Version 1 is a line of text, version 2 is binary.

const (
	maxProxyV1 = 107     // section 2.1: the longest line, its end included
	maxProxyV2 = 2 << 10 // addresses and TLVs: section 2.2 asks for 536 at least
	proxyV2Len = 16      // signature, version and command, family, length
)

const (
	proxySigV1 = "PROXY "
	proxySigV2 = "\r\n\r\n\x00\r\nQUIT\n"
)

// ErrProxyHeader is the error of [ParseProxyHeader].
var ErrProxyHeader = errors.New("malformed PROXY header")

// ParseProxyHeader reads the PROXY header at the beginning of b, which is all that was received so far. n is its
// length; 0 without an error means that it is not complete yet. source is the address of the proxy's client; the zero
// source means that the connection is the proxy's own, or that it does not know the client.
func ParseProxyHeader(b []byte) (source netip.AddrPort, n int, err error) {
	switch {
	case startsAlike(b, proxySigV1):
		return parseProxyV1(b)
	case startsAlike(b, proxySigV2):
		return parseProxyV2(b)
	}
	return source, 0, ErrProxyHeader
}

// startsAlike reports whether one of b and s is the beginning of the other.
func startsAlike(b []byte, s string) bool {
	n := min(len(b), len(s))
	return string(b[:n]) == s[:n]
}

func parseProxyV1(b []byte) (source netip.AddrPort, n int, err error) {
	line := b[:min(len(b), maxProxyV1)]
	i := bytes.IndexFunc(line, func(r rune) bool { return r < ' ' || r > '~' })
	switch {
	case i < 0 && len(line) == maxProxyV1:
		return source, 0, ErrProxyHeader
	case i < 0, i+1 == len(line) && line[i] == '\r':
		if len(line) == maxProxyV1 {
			return source, 0, ErrProxyHeader
		}
		return source, 0, nil
	case line[i] != '\r' || line[i+1] != '\n':
		return source, 0, ErrProxyHeader
	}
	if source, err = proxyLine(string(line[:i])); err != nil {
		return source, 0, err
	}
	return source, i + 2, nil
}

// proxyLine reads PROXY TCP4|TCP6 SOURCE DESTINATION PORT PORT, or PROXY UNKNOWN and anything.
func proxyLine(line string) (source netip.AddrPort, err error) {
	f := strings.Split(line, " ")
	if f[1] == "UNKNOWN" {
		return source, nil
	}
	if len(f) != 6 || f[1] != "TCP4" && f[1] != "TCP6" {
		return source, ErrProxyHeader
	}
	source, ok := proxyAddr(f[1], f[2], f[4])
	if _, ok2 := proxyAddr(f[1], f[3], f[5]); !ok || !ok2 {
		return netip.AddrPort{}, ErrProxyHeader
	}
	return source, nil
}

func proxyAddr(family, addr, port string) (a netip.AddrPort, ok bool) {
	ip, err := netip.ParseAddr(addr)
	p, err2 := strconv.ParseUint(port, 10, 16)
	if err != nil || err2 != nil || ip.Zone() != "" || strconv.FormatUint(p, 10) != port || ip.Is4() != (family == "TCP4") {
		return a, false
	}
	return plainAddr(netip.AddrPortFrom(ip, uint16(p))), true
}

func parseProxyV2(b []byte) (source netip.AddrPort, n int, err error) {
	if len(b) > 12 && b[12] != 0x20 && b[12] != 0x21 { // version 2; LOCAL or PROXY
		return source, 0, ErrProxyHeader
	}
	if len(b) < proxyV2Len {
		return source, 0, nil
	}
	size := int(binary.BigEndian.Uint16(b[14:]))
	if size > maxProxyV2 {
		return source, 0, ErrProxyHeader
	}
	if n = proxyV2Len + size; len(b) < n {
		return source, 0, nil
	}
	if b[12] == 0x20 { // LOCAL: the rest is to be ignored
		return source, n, nil
	}
	if source, err = proxyBlock(b[13], b[proxyV2Len:n]); err != nil {
		return source, 0, err
	}
	return source, n, nil
}

// proxyBlock reads the addresses of version 2; TLVs follow them and are ignored.
func proxyBlock(family byte, p []byte) (source netip.AddrPort, err error) {
	switch {
	case family == 0: // not known
		return source, nil
	case family == 0x11 && len(p) >= 12: // TCP over IPv4
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(p)), binary.BigEndian.Uint16(p[8:])), nil
	case family == 0x21 && len(p) >= 36: // TCP over IPv6
		return plainAddr(netip.AddrPortFrom(netip.AddrFrom16([16]byte(p)), binary.BigEndian.Uint16(p[32:]))), nil
	}
	return source, ErrProxyHeader
}

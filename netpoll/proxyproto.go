//go:build !windows

package netpoll

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// The PROXY protocol (haproxy.org/download/3.2/doc/proxy-protocol.txt): before anything else,
// TLS included, a proxy says in one header whom it speaks for. Version 1 is a line of text,
// version 2 is binary.

const (
	maxProxyV1 = 107     // section 2.1: the longest line, its end included
	maxProxyV2 = 2 << 10 // addresses and TLVs: section 2.2 asks for 536 at least
	proxyV2Len = 16      // signature, version and command, family, length
)

const (
	proxySigV1 = "PROXY "
	proxySigV2 = "\r\n\r\n\x00\r\nQUIT\n"
)

var errProxyHeader = errors.New("malformed PROXY header")

// parseProxy reads the header at the start of b, all that was received so far. n is its
// length; 0 means that more is needed. The zero source means that the proxy speaks for
// itself, or does not know.
func parseProxy(b []byte) (source netip.AddrPort, n int, err error) {
	switch {
	case startsAlike(b, proxySigV1):
		return parseProxyV1(b)
	case startsAlike(b, proxySigV2):
		return parseProxyV2(b)
	}
	return source, 0, errProxyHeader
}

// startsAlike reports whether b and s agree as far as the shorter one goes.
func startsAlike(b []byte, s string) bool {
	n := min(len(b), len(s))
	return string(b[:n]) == s[:n]
}

func parseProxyV1(b []byte) (source netip.AddrPort, n int, err error) {
	line := b[:min(len(b), maxProxyV1)]
	i := bytes.IndexFunc(line, func(r rune) bool { return r < ' ' || r > '~' })
	switch {
	case i < 0 && len(line) == maxProxyV1:
		return source, 0, errProxyHeader
	case i < 0, i+1 == len(line) && line[i] == '\r':
		if len(line) == maxProxyV1 {
			return source, 0, errProxyHeader
		}
		return source, 0, nil
	case line[i] != '\r' || line[i+1] != '\n':
		return source, 0, errProxyHeader
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
		return source, errProxyHeader
	}
	source, ok := proxyAddr(f[1], f[2], f[4])
	if _, ok2 := proxyAddr(f[1], f[3], f[5]); !ok || !ok2 {
		return netip.AddrPort{}, errProxyHeader
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
		return source, 0, errProxyHeader
	}
	if len(b) < proxyV2Len {
		return source, 0, nil
	}
	size := int(binary.BigEndian.Uint16(b[14:]))
	if size > maxProxyV2 {
		return source, 0, errProxyHeader
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
	return source, errProxyHeader
}

// proxied collects the PROXY header, which usually comes in one piece with what follows it.
func (l *Loop) proxied(c *Conn, b []byte) {
	if c.aux != nil {
		if !l.keep(c, b) {
			return
		}
		b = c.aux.header
	}
	source, n, err := parseProxy(b)
	if n == 0 && err == nil {
		if c.aux == nil {
			l.keep(c, b)
		}
		return
	}
	kept := c.takeHeader() // b may lie in it
	defer l.server.headers.release(kept)
	if err != nil {
		l.server.refusals.badProxy.Add(1)
		c.fail(err.Error())
		return
	}
	c.aux = nil
	l.admitProxied(c, source)
	if rest := b[n:]; len(rest) > 0 && !c.has(flagDead) {
		l.dispatch(c, rest)
	}
}

// admitProxied begins the connection of the client that a PROXY header has named.
func (l *Loop) admitProxied(c *Conn, source netip.AddrPort) {
	s := l.server
	var deny *refusal
	if source.IsValid() {
		s.ipLimiter.slot(c.fd).remote = &source
		if !s.trusts(source.Addr()) {
			deny = l.countAddr(c, source.Addr())
		}
	}
	switch {
	case deny != nil && s.tls == nil:
		c.phase = phaseHeader
		l.refuse(c, deny)
	case deny != nil:
		c.fail("refused")
	default:
		l.startPeerPhase(c)
	}
}

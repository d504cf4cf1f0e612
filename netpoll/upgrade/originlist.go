package upgrade

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Entries of [AllowOrigins] that are not origins.
const (
	// SameHost allows the origins whose host and port are those of the Host header, as an
	// empty list does.
	SameHost = "same-host"
	// SameAddress is SameHost for hosts that are IP addresses. An attacker can point a name of his own to this
	// machine (DNS rebinding), but not an address.
	SameAddress = "same-address"
)

// originEntry is an entry of the list, in the form in which browsers send an origin.
type originEntry struct {
	origin
	anyPort bool // https://host:*
	anySub  bool // https://*.host; host begins with the dot
	anyHost bool // scheme://*
}

// matches reports whether the entry stands for p. Browsers send scheme and host of the web in lower
// case; those of applications are compared without regard to case.
func (e originEntry) matches(p origin) bool {
	if !ofWeb(e.scheme) {
		return equalFold(p.scheme, string(e.scheme)) && (e.anyHost || equalFold(p.host, string(e.host)))
	}
	host := bytes.Equal(e.host, p.host)
	if e.anySub {
		host = len(p.host) > len(e.host) && bytes.HasSuffix(p.host, e.host)
	}
	return host && bytes.Equal(e.scheme, p.scheme) && (e.anyPort || bytes.Equal(e.port, p.port))
}

func (e originEntry) String() string {
	text := string(e.scheme) + "://"
	switch {
	case e.anyHost:
		return text + "*"
	case e.anySub:
		text += "*"
	}
	text += string(e.host)
	switch {
	case e.anyPort:
		text += ":*"
	case len(e.port) > 0:
		text += ":" + string(e.port)
	}
	return text
}

func parseOriginList(list []string) (rule originList, err error) {
	rule.sameHost = len(list) == 0
	for _, text := range list {
		switch strings.ToLower(text) {
		case "*":
			rule.any = true
		case "null":
			rule.opaque = true
		case SameHost:
			rule.sameHost = true
		case SameAddress:
			rule.sameAddress = true
		default:
			e, err := parseEntry(text)
			if err != nil {
				return rule, err
			}
			rule.allowed = append(rule.allowed, e)
		}
	}
	return rule, nil
}

// NormalOrigin returns an entry of [AllowOrigins] in the form in which browsers send it: in
// lower case, without the default port of the scheme, addresses in their shortest form. An
// entry that no Origin header can ever match is an error that says what to write instead.
func NormalOrigin(entry string) (string, error) {
	switch text := strings.ToLower(entry); text {
	case "*", "null", SameHost, SameAddress:
		return text, nil
	}
	e, err := parseEntry(entry)
	if err != nil {
		return "", err
	}
	return e.String(), nil
}

func parseEntry(text string) (e originEntry, err error) {
	refused := func(format string, args ...any) (originEntry, error) {
		return e, fmt.Errorf("%q "+format, append([]any{text}, args...)...)
	}
	scheme, rest, found := strings.Cut(strings.ToLower(text), "://")
	switch {
	case text == "" || strings.ContainsAny(scheme, " \t"):
		return refused("is no origin; write it as https://example.com")
	case strings.HasPrefix(scheme, "about:") || strings.HasPrefix(scheme, "data:"):
		return refused("has the origin null; write null")
	case strings.HasPrefix(scheme, "blob:"):
		return refused("has the origin of the page that made it; write that")
	case !found && validScheme([]byte(scheme)) && !strings.ContainsAny(scheme, ".:") && scheme != "localhost":
		return refused("is no origin; write it as https://example.com")
	case !found:
		return refused("has no scheme; write it as https://%s", text)
	case !validScheme([]byte(scheme)):
		return refused("has no scheme that could be one; write it as https://example.com")
	case scheme == "ws" || scheme == "wss":
		return refused("is an address of a server; pages have the origin http%s://%s", scheme[2:], rest)
	}
	if end := strings.IndexAny(rest, "/?#\\"); end >= 0 {
		return refused("has something behind the host; an origin ends there: write it as %s://%s", scheme, rest[:end])
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		return refused("has a user; no origin has one: write it as %s://%s", scheme, rest[at+1:])
	}
	e.scheme = []byte(scheme)
	if !ofWeb(e.scheme) {
		return e, e.setOpaque(text, rest)
	}
	return e, e.setWeb(text, rest)
}

// setOpaque sets the host of an origin of an application.
func (e *originEntry) setOpaque(text, host string) error {
	e.host, e.anyHost = []byte(host), host == "*"
	switch {
	case strings.Contains(host, "*") && !e.anyHost:
		return fmt.Errorf("%q has a * within the host; write %s://* for every host", text, e.scheme)
	case !validOpaqueHost(e.host):
		return fmt.Errorf("%q has characters that no origin has", text)
	}
	return nil
}

// setWeb sets host and port of an origin of http or https.
func (e *originEntry) setWeb(text, rest string) error {
	host, port := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') {
		host, port = rest[:i], rest[i+1:]
		if e.anyPort = port == "*"; !e.anyPort {
			n, err := strconv.ParseUint(port, 10, 16)
			if err != nil {
				return fmt.Errorf("%q has no port from 0 to 65535; every port is :*", text)
			}
			e.port = normalPort(e.scheme, strconv.AppendUint(nil, n, 10))
		}
	}
	if sub, ok := strings.CutPrefix(host, "*."); ok {
		e.anySub, host = true, sub
	}
	name, err := webHost(host, e.anySub)
	if err != nil {
		return fmt.Errorf("%q %w", text, err)
	}
	if e.anySub {
		name = "." + name
	}
	e.host = []byte(name)
	return nil
}

// webHost is a host as browsers write it (URL Standard, section 3.5), which is in lower case.
func webHost(host string, onlyName bool) (string, error) {
	switch {
	case host == "":
		return "", fmt.Errorf("has no host; write it as https://example.com")
	case host == "*":
		return "", fmt.Errorf("allows everybody; write * alone for that")
	case strings.Contains(host, "*"):
		return "", fmt.Errorf("has a * that is no whole name on the left; write https://*.example.com")
	case strings.ContainsFunc(host, func(r rune) bool { return r > '~' }):
		return "", fmt.Errorf("has letters beyond ASCII; browsers send such a name in its xn-- form")
	}
	if host[0] == '[' || isNumber(host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:]) {
		if onlyName {
			return "", fmt.Errorf("has a * before an address; addresses have no names below them")
		}
		return webAddress(host)
	}
	if !validHost([]byte(host)) {
		return "", fmt.Errorf("has characters that no host has")
	}
	return host, nil
}

// isNumber reports whether this last label makes browsers parse the host as an IPv4 address (URL Standard, section 3.5).
func isNumber(label string) bool {
	label = strings.TrimSuffix(label, ".")
	_, err := strconv.ParseUint(label, 0, 64)
	return err == nil && !strings.Contains(label, "_") || label != "" && strings.Trim(label, "0123456789") == ""
}

// webAddress is an address as browsers write it, an IPv6 one in brackets.
func webAddress(host string) (string, error) {
	inner, bracketed := strings.CutPrefix(host, "[")
	a, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
	switch {
	case err != nil || a.Is6() != bracketed || bracketed != strings.HasSuffix(host, "]"):
		return "", fmt.Errorf("has no address as browsers send it, as 192.0.2.7 or [2001:db8::7]")
	case a.Zone() != "":
		return "", fmt.Errorf("has a zone; no origin has one")
	case a.Is4():
		return a.String(), nil
	case a.Is4In6(): // netip writes the end of it as IPv4
		b := a.As16()
		return fmt.Sprintf("[::ffff:%x:%x]", uint(b[12])<<8|uint(b[13]), uint(b[14])<<8|uint(b[15])), nil
	}
	return "[" + a.String() + "]", nil
}

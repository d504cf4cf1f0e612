package config

import (
	"net/netip"
	"strings"
)

// ProxyPrefixes returns TrustedProxies, which must be validated.
func (c *Config) ProxyPrefixes() (prefixes []netip.Prefix) {
	for _, text := range c.TrustedProxies {
		if p, err := parsePrefix(text); err == nil {
			prefixes = append(prefixes, p)
		}
	}
	return prefixes
}

// parsePrefix parses a network or one address. The host part of a network is dropped, as in 10.1.2.3/8.
func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), err
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

func (l *Loaded) validateProxies() error {
	for _, text := range l.TrustedProxies {
		if p, err := parsePrefix(text); err != nil || !p.IsValid() {
			return l.bad("trusted_proxies", "%q is no network; write it as 10.0.0.0/8, or as the address of one proxy", text)
		}
	}
	if len(l.TrustedProxies) == 0 {
		l.TrustedProxies = nil // an empty list is no other value
	}
	if h := l.ForwardedHeader; !strings.EqualFold(h, "X-Forwarded-For") && !strings.EqualFold(h, "Forwarded") {
		return l.bad("forwarded_header", "%q is neither X-Forwarded-For nor Forwarded", h)
	}
	return nil
}

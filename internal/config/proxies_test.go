package config

import (
	"fmt"
	"testing"
)

func TestTrustedProxiesAreParsed(t *testing.T) {
	l := mustLoad(t, "trusted_proxies: [10.1.2.3/8, 192.0.2.1, '2001:db8::/32', '::ffff:192.0.2.7']\nforwarded_header: forwarded\n", nil, nil)
	if got := fmt.Sprint(l.ProxyPrefixes()); got != "[10.0.0.0/8 192.0.2.1/32 2001:db8::/32 192.0.2.7/32]" {
		t.Error(got)
	}
	l = mustLoad(t, "", []string{"THRONG_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1"}, nil)
	if got := fmt.Sprint(l.ProxyPrefixes()); got != "[10.0.0.0/8 192.0.2.1/32]" {
		t.Error(got)
	}
	for _, c := range []struct{ file, text string }{
		{"trusted_proxies: [10.0.0.0/33]\n", `trusted_proxies: "10.0.0.0/33" is no network`},
		{"trusted_proxies: [proxy.example]\n", `trusted_proxies: "proxy.example" is no network`},
		{"trusted_proxies: ['']\n", `trusted_proxies: "" is no network`},
		{"forwarded_header: X-Real-IP\n", `forwarded_header: "X-Real-IP" is neither X-Forwarded-For nor Forwarded`},
		{"connections_per_ip: -1\n", "connections_per_ip: -1 is out of range"},
		{"max_loop_lag: -1s\n", "max_loop_lag: -1s is out of range"},
	} {
		_, err := load(t, c.file, nil, nil)
		rejected(t, err, c.text, "")
	}
}

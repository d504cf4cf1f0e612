package config

import (
	"slices"
	"testing"

	"github.com/throngd/throng/netpoll/upgrade"
)

// TestOriginsAsBrowsersSendThem: entries are converted to the form of the Origin header.
func TestOriginsAsBrowsersSendThem(t *testing.T) {
	for written, sent := range map[string]string{
		"https://Example.COM:443":      "https://example.com",
		"https://bücher.example":       "https://xn--bcher-kva.example",
		"https://BÜCHER.example:8443":  "https://xn--bcher-kva.example:8443",
		"https://straße.example":       "https://xn--strae-oqa.example", // not strasse.example
		"https://*.bücher.example:*":   "https://*.xn--bcher-kva.example:*",
		"https://例え.テスト":               "https://xn--r8jz45g.xn--zckzah",
		"http://[::ffff:192.0.2.7]:80": "http://[::ffff:c000:207]",
		"NULL":                         "null",
		"file://":                      "file://",
		"Capacitor://localhost":        "capacitor://localhost",
		"*":                            "*",
		"same-host":                    "same-host",
	} {
		l := mustLoad(t, "allowed_origins: ['"+written+"']\n", nil, nil)
		if got := l.AllowedOrigins[0]; got != sent {
			t.Errorf("%s becomes %s, want %s", written, got, sent)
		}
	}
}

// TestLocalOriginsAreValid: also if the host name of the machine cannot be an origin.
func TestLocalOriginsAreValid(t *testing.T) {
	list := LocalOrigins()
	if _, err := upgrade.AllowOrigins(list...); err != nil {
		t.Error(err)
	}
	if !slices.Contains(list, upgrade.SameAddress) {
		t.Errorf("an address that is also the Host is not let in: %q", list)
	}
}

package config

import (
	"regexp"
	"strings"
	"time"
)

// plain is a text that YAML takes for a string without quotes.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$|^\d+([a-zA-Z]+\d*)+$`)

// duration writes 24h0m0s as 24h.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

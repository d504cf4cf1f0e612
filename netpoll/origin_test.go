//go:build !windows

package netpoll

import "testing"

// TestOrigin is U13 of notes/hostile-input.md.
func TestOrigin(t *testing.T) {
	list := []string{"https://good.example", "http://localhost:3000", "http://Plain.example:80", "not an origin", "https://path.example/",
		"http://any.example:*", "http://[::1]:*", "http://both.example:1:*", "http://:*", "http://user@any.example:*"}
	tests := []struct {
		origin, host string
		list         []string
		want         bool
	}{
		// The default: host and port equal to Host, scheme ignored.
		{"https://good.example", "good.example", nil, true},
		{"http://good.example", "good.example", nil, true},
		{"https://GOOD.example", "good.EXAMPLE", nil, true},
		{"https://good.example:8443", "good.example:8443", nil, true},
		{"https://good.example:443", "good.example", nil, true},
		{"https://good.example", "good.example:443", nil, true},
		{"http://good.example", "good.example:80", nil, true},
		{"http://[::1]:8080", "[::1]:8080", nil, true},
		{"http://good.example", "good.example:443", nil, false},
		{"https://good.example", "good.example:80", nil, false},
		{"https://good.example:8443", "good.example", nil, false},
		{"https://good.example", "good.example:8443", nil, false},
		{"https://evil", "good.example", nil, false},
		{"null", "good.example", nil, false},
		{"", "good.example", nil, false},
		{"good.example", "good.example", nil, false},
		{"://good.example", "good.example", nil, false},
		{"https://good.example.evil.com", "good.example", nil, false},
		{"https://good.example@evil", "good.example", nil, false},
		{"https://evil@good.example", "good.example", nil, false},
		{"https://good.example.", "good.example", nil, false},
		{"https://good.example/", "good.example", nil, false},
		{"https://good.example:", "good.example", nil, false},
		{"https://good.example:x", "good.example:x", nil, false},
		{"https://good.example, https://evil", "good.example", nil, false},
		{"http://[::1]x", "[::1]x", nil, false},
		// A list: scheme, host and port exactly; Host does not count.
		{"https://good.example", "other", list, true},
		{"https://good.example:443", "other", list, true},
		{"http://localhost:3000", "other", list, true},
		{"http://plain.example", "other", list, true},
		{"http://good.example", "good.example", list, false},
		{"https://good.example:8443", "good.example", list, false},
		{"https://GOOD.example", "good.example", list, false},
		{"HTTPS://good.example", "good.example", list, false},
		{"https://good.example.", "good.example", list, false},
		{"https://good.example.evil.com", "good.example", list, false},
		{"https://good.example@evil", "good.example", list, false},
		{"https://sub.good.example", "good.example", list, false},
		{"http://localhost", "localhost", list, false},
		{"https://other", "other", list, false},
		{"http://any.example", "other", list, true},
		{"http://any.example:80", "other", list, true},
		{"http://any.example:3000", "other", list, true},
		{"http://[::1]:3000", "other", list, true},
		{"https://any.example:3000", "other", list, false},
		{"http://any.example:", "other", list, false},
		{"http://any.example:*", "other", list, false},
		{"http://any.example:123456", "other", list, false},
		{"http://any.example:3000.evil.com", "other", list, false},
		{"http://any.example.evil.com:3000", "other", list, false},
		{"http://any.example@evil:3000", "other", list, false},
		{"http://sub.any.example:3000", "other", list, false},
		{"http://both.example:1", "other", list, false},
		{"http://both.example:2", "other", list, false},
		{"https://path.example", "path.example", list, false},
		{"not an origin", "other", list, false},
		{"null", "other", list, false},
		{"null", "other", []string{"null"}, true},
		{"null", "other", []string{"*"}, true},
		{"https://evil", "other", []string{"https://good.example", "*"}, true},
	}
	for _, tt := range tests {
		rule := compileOrigins(tt.list)
		if got := rule.allow([]byte(tt.origin), []byte(tt.host)); got != tt.want {
			t.Errorf("Origin %q at Host %q with list %q: %v, want %v", tt.origin, tt.host, tt.list, got, tt.want)
		}
	}
}

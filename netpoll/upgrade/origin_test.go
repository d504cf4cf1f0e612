package upgrade

import (
	"strings"
	"testing"
)

// TestAllowOrigins: an origin is compared by scheme, host and port; one that only looks alike is rejected.
func TestAllowOrigins(t *testing.T) {
	list := []string{"https://good.example", "http://localhost:3000", "http://Plain.example:80",
		"http://any.example:*", "http://[::1]:*"}
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
		// Names below a host.
		{"https://a.good.example", "other", []string{"https://*.good.example"}, true},
		{"https://a.b.good.example", "other", []string{"https://*.good.example"}, true},
		{"https://good.example", "other", []string{"https://*.good.example"}, false},
		{"https://.good.example", "other", []string{"https://*.good.example"}, false},
		{"https://evilgood.example", "other", []string{"https://*.good.example"}, false},
		{"https://a.good.example:8443", "other", []string{"https://*.good.example"}, false},
		{"https://a.good.example:8443", "other", []string{"https://*.good.example:*"}, true},
		{"http://a.good.example", "other", []string{"https://*.good.example"}, false},
		// Any host of a scheme is still a host.
		{"moz-extension://a", "other", []string{"moz-extension://*"}, true},
		{"moz-extension://a/b", "other", []string{"moz-extension://*"}, false},
		{"moz-extension://a b", "other", []string{"moz-extension://*"}, false},
		{"moz-extension://a@b", "other", []string{"moz-extension://*"}, false},
		{"moz-extension://a\x7f", "other", []string{"moz-extension://*"}, false},
		// The Host header in a list.
		{"https://good.example", "good.example", []string{"https://a.example", SameHost}, true},
		{"https://a.example", "good.example", []string{"https://a.example", SameHost}, true},
		{"https://b.example", "good.example", []string{"https://a.example", SameHost}, false},
		{"http://192.168.1.5:8080", "192.168.1.5:8080", []string{SameAddress}, true},
		{"http://192.168.1.5", "192.168.1.5:80", []string{SameAddress}, true},
		{"http://[2001:db8::1]:8080", "[2001:db8::1]:8080", []string{SameAddress}, true},
		{"http://192.168.1.5:8080", "192.168.1.6:8080", []string{SameAddress}, false},
		{"http://192.168.1.5:8080", "192.168.1.5", []string{SameAddress}, false},
		{"http://rebound.example:8080", "rebound.example:8080", []string{SameAddress}, false},
		{"http://192.168.1.5.rebound.example", "192.168.1.5.rebound.example", []string{SameAddress}, false},
		{"http://localhost:8080", "localhost:8080", []string{SameAddress}, false},
		{"not an origin", "other", list, false},
		{"null", "other", list, false},
		{"null", "other", []string{"null"}, true},
		{"null", "other", []string{"*"}, true},
		{"https://evil", "other", []string{"https://good.example", "*"}, true},
	}
	for _, tt := range tests {
		rule, err := parseOriginList(tt.list)
		if err != nil {
			t.Fatal(err)
		}
		if got := rule.allow([]byte(tt.origin), []byte(tt.host)); got != tt.want {
			t.Errorf("Origin %q at Host %q with list %q: %v, want %v", tt.origin, tt.host, tt.list, got, tt.want)
		}
	}
}

// TestOriginForms has the origins that browsers, WebViews and frameworks send. Each is allowed by the entry
// of the same form, and by no other one of the list.
func TestOriginForms(t *testing.T) {
	forms := []struct{ origin, entry string }{
		{"null", "null"},       // sandboxed frames, data:, file: in browsers
		{"file://", "file://"}, // Android WebView, Cordova
		{"capacitor://localhost", "capacitor://localhost"}, // Capacitor on iOS
		{"ionic://localhost", "ionic://localhost"},
		{"http://localhost", "http://localhost"}, // Capacitor on Android
		{"https://localhost", "https://localhost"},
		{"app://obsidian.md", "app://obsidian.md"}, // Electron
		{"app://.", "app://."},
		{"app://-", "app://-"},
		{"tauri://localhost", "tauri://localhost"}, // Tauri on macOS and Linux
		{"https://tauri.localhost", "https://tauri.localhost"},
		{"http://wails.localhost:34115", "http://wails.localhost:*"},
		{"chrome-extension://ehpadoaonhlekhhbfiokfdnnpdfbigkd", "chrome-extension://ehpadoaonhlekhhbfiokfdnnpdfbigkd"},
		{"moz-extension://6f1a4e0c-9a2b-4c3d-8e5f-0123456789ab", "moz-extension://*"}, // another one in each installation
		{"safari-web-extension://6F1A4E0C-9A2B-4C3D-8E5F-0123456789AB", "safari-web-extension://6f1a4e0c-9a2b-4c3d-8e5f-0123456789ab"},
		{"vscode-webview://0q2k3l4m5n", "vscode-webview://*"},
		{"vscode-file://vscode-app", "vscode-file://vscode-app"},
		{"ms-appx-web://8wekyb3d8bbwe", "ms-appx-web://8wekyb3d8bbwe"},
		{"qrc://", "qrc://"},
		{"myapp+v2.x://host:8100", "myapp+v2.x://host:8100"},
		{"https://xn--bcher-kva.example", "https://XN--bcher-kva.Example"},
		{"https://upper.example", "HTTPS://UPPER.example:443"},
		{"http://default.example", "http://default.example:080"},
		{"https://port.example:8443", "https://port.example:8443"},
		{"https://dot.example.", "https://dot.example."},
		{"http://192.0.2.7:8080", "http://192.0.2.7:8080"},
		{"http://[2001:db8::7]", "http://[2001:0DB8:0::7]:80"},
		{"http://[::ffff:c000:207]", "http://[::ffff:192.0.2.7]"},
		{"http://my_host", "http://my_host"},
	}
	for i, f := range forms {
		for j, g := range forms {
			rule, err := parseOriginList([]string{g.entry})
			if err != nil {
				t.Fatal(err)
			}
			if got := rule.allow([]byte(f.origin), []byte("other")); got != (i == j) {
				t.Errorf("origin %q with the entry %q: %v", f.origin, g.entry, got)
			}
		}
		if rule, _ := parseOriginList(nil); rule.allow([]byte(f.origin), []byte("other")) {
			t.Errorf("origin %q without a list", f.origin)
		}
		if normal, err := NormalOrigin(f.entry); err != nil {
			t.Error(err)
		} else if again, err := NormalOrigin(normal); again != normal || err != nil {
			t.Errorf("%q becomes %q, and that %q, %v", f.entry, normal, again, err)
		}
	}
}

// TestOriginThatNeverMatches: an entry that matches no browser's origin is an error, which says what to write instead
// where that is known.
func TestOriginThatNeverMatches(t *testing.T) {
	for entry, want := range map[string]string{
		"":                                "is no origin",
		"example.com":                     "write it as https://example.com",
		"localhost:3000":                  "write it as https://localhost:3000",
		"//example.com":                   "write it as https://",
		"not an origin":                   "is no origin",
		"https://":                        "has no host",
		"https://:8080":                   "has no host",
		"https://example.com/":            "write it as https://example.com",
		"https://example.com/chat?x":      "write it as https://example.com",
		"https://example.com?x":           "write it as https://example.com",
		"https://example.com#x":           "write it as https://example.com",
		"https://user@example.com":        "write it as https://example.com",
		"https://user:secret@example.com": "write it as https://example.com",
		"wss://example.com":               "https://example.com",
		"ws://example.com:8080":           "http://example.com:8080",
		"https://example.com:":            "no port",
		"https://example.com:65536":       "no port",
		"https://example.com:http":        "no port",
		"https://example.com:1:*":         "characters",
		"https://*":                       "write * alone",
		"https://*.*.example.com":         "whole name on the left",
		"https://a*.example.com":          "whole name on the left",
		"https://*.192.0.2.7":             "before an address",
		"https://exa mple.com":            "characters",
		"https://b\u00fccher.example":     "xn--",
		"https://b%C3%BCcher.example":     "characters",
		"http://127.1":                    "no address",
		"http://0x7f.0.0.1":               "no address",
		"http://192.0.2.256":              "no address",
		"http://[::1":                     "no address",
		"http://[fe80::1%25eth0]":         "zone",
		"http://[192.0.2.7]":              "no address",
		"about:blank":                     "write null",
		"data:text/html,x":                "write null",
		"blob:https://example.com/1":      "page that made it",
		"file:///":                        "write it as file://",
		"file:///home/user/index.html":    "write it as file://",
		"app://*.host":                    "app://*",
		"1app://host":                     "no scheme",
		"capacitor://local host":          "characters",
	} {
		_, err := NormalOrigin(entry)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", entry, err, want)
		}
		if _, err := AllowOrigins(entry); err == nil {
			t.Errorf("AllowOrigins accepts %q", entry)
		}
	}
}

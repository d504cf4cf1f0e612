package web

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	asset := assetPrefix + newSite(static).version + "/"
	for _, tt := range []struct {
		name, method, path string
		status             int
		contentType, cache string
	}{
		{"page", "GET", "/", 200, "text/html; charset=utf-8", "no-cache"},
		{"page with a query", "GET", "/?utm=x", 200, "text/html; charset=utf-8", "no-cache"},
		{"page by HEAD", "HEAD", "/", 200, "text/html; charset=utf-8", "no-cache"},
		{"script", "GET", asset + "app.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"style", "GET", asset + "app.css", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable"},
		{"icon", "GET", asset + "favicon.svg", 200, "image/svg+xml", "public, max-age=31536000, immutable"},
		{"SDK", "GET", asset + "vendor/centrifuge.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"licence of the SDK", "GET", asset + "vendor/centrifuge.LICENSE.txt", 200, "text/plain; charset=utf-8", "public, max-age=31536000, immutable"},
		{"asset of another version", "GET", "/assets/0123/app.js", 200, "text/javascript; charset=utf-8", "no-store"},
		{"asset that is none", "GET", asset + "nothing.js", 404, "text/plain; charset=utf-8", ""},
		{"page by its file name", "GET", asset + "index.html", 404, "text/plain; charset=utf-8", ""},
		{"folder", "GET", asset, 404, "text/plain; charset=utf-8", ""},
		{"way out", "GET", asset + "../web.go", 404, "text/plain; charset=utf-8", ""},
		{"other path", "GET", "/nothing", 404, "text/plain; charset=utf-8", ""},
		{"post", "POST", "/", 405, "text/plain; charset=utf-8", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, tt.method, tt.path)
			h := w.Header()
			if w.Code != tt.status || h.Get("Content-Type") != tt.contentType || h.Get("Cache-Control") != tt.cache {
				t.Errorf("%d %q %q, want %d %q %q", w.Code, h.Get("Content-Type"), h.Get("Cache-Control"), tt.status, tt.contentType, tt.cache)
			}
			checkSecurityHeaders(t, h)
			if body := w.Body.Len() > 0; body == (tt.method == "HEAD") {
				t.Errorf("body of %d bytes for %s", w.Body.Len(), tt.method)
			}
		})
	}
}

// checkSecurityHeaders has the expected headers as literals: a comparison with the policy of the package would not notice a
// lost directive.
func checkSecurityHeaders(t *testing.T, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), microphone=(), geolocation=()",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	policy := map[string]string{}
	for directive := range strings.SplitSeq(h.Get("Content-Security-Policy"), ";") {
		name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
		policy[name] = sources
	}
	want := map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
		"connect-src": "'self' ws: wss:", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
	}
	if !maps.Equal(policy, want) {
		t.Errorf("Content-Security-Policy: %v, want %v", policy, want)
	}
}

func TestKnownETagIsNotSentAgain(t *testing.T) {
	etag := get(t, "GET", "/").Header().Get("ETag")
	if w := get(t, "GET", "/", "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("%d with %d bytes, want 304 with none", w.Code, w.Body.Len())
	}
}

// The policy forbids inline scripts and styles: they would not work in the
// browser, and an inline style would fail without an error.
func TestPageHasNothingInline(t *testing.T) {
	page := get(t, "GET", "/").Body.String()
	for _, forbidden := range []string{`<style`, `\sstyle=`, `\son[a-z]+=`, `javascript:`, `https?://`, `<script(\s[^>]*)?>[^<]`, `\{\{`} {
		if m := regexp.MustCompile(forbidden).FindString(page); m != "" {
			t.Errorf("index.html has %q", m)
		}
	}
}

func TestEveryReferenceIsServed(t *testing.T) {
	page := get(t, "GET", "/").Body.String()
	references := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(references) < 10 {
		t.Fatalf("%d references: is the test looking for the right thing?", len(references))
	}
	for _, m := range references {
		if strings.HasPrefix(m[1], "/") {
			t.Errorf("%s is absolute: behind a path prefix it is not there", m[1])
		}
		if w := get(t, "GET", "/"+m[1]); w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %s", m[1], w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

// Every module is named in the page, so that the browser loads them side by
// side and not import after import.
func TestModulesAreLoadedAtOnce(t *testing.T) {
	s := newSite(static)
	page := string(s.index.data)
	for name, a := range s.files {
		for _, m := range regexp.MustCompile(`from '\./([^']+)'`).FindAllStringSubmatch(string(a.data), -1) {
			if _, ok := s.files[m[1]]; !ok {
				t.Errorf("%s imports %s, which does not exist", name, m[1])
			}
			if !strings.Contains(page, "/"+m[1]+`"`) {
				t.Errorf("index.html does not name %s", m[1])
			}
		}
	}
}

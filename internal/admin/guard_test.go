package admin

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

var paths = []string{"/healthz", "/readyz", "/metrics", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/heap", "/nothing"}

// ask sends a request with these headers, Host among them, and returns the status.
func ask(h http.Handler, method, path string, header ...string) int {
	r := httptest.NewRequest(method, path, nil)
	r.Host = "localhost:9090"
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// TestCrossSiteRequestsAreRefused: requests that a browser sends for a page of another origin are refused at every path.
// Requests of typed addresses and of programs are answered.
func TestCrossSiteRequestsAreRefused(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	h := On(ln, Options{Profiles: true, Hosts: []string{"metrics.internal"}}).Handler()
	for _, c := range []struct {
		header  []string
		refused bool
	}{
		{nil, false},
		{[]string{"Host", "127.0.0.1:9090"}, false},
		{[]string{"Host", "[::1]"}, false},
		{[]string{"Host", "metrics.internal:80"}, false},
		{[]string{"Host", ""}, false}, // HTTP/1.0
		{[]string{"Sec-Fetch-Site", "none"}, false},
		{[]string{"Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:9090"}, false},

		{[]string{"Host", "evil.example:9090"}, true},
		{[]string{"Host", "localhost.evil.example"}, true},
		{[]string{"Host", "10.0.0.1:9090"}, true},
		{[]string{"Sec-Fetch-Site", "cross-site"}, true},
		{[]string{"Sec-Fetch-Site", "same-site"}, true}, // another port of this machine
		{[]string{"Sec-Fetch-Site", "what comes later"}, true},
		{[]string{"Origin", "http://evil.example"}, true},
		{[]string{"Origin", "http://localhost:3000"}, true},
		{[]string{"Origin", "null"}, true},
		{[]string{"Origin", "http://localhost:9090", "Origin", "http://evil.example"}, true},
		{[]string{"Sec-Fetch-Site", "none", "Host", "evil.example"}, true},
	} {
		for _, path := range paths {
			for _, method := range []string{"GET", "POST", "HEAD"} {
				if got := ask(h, method, path, c.header...) == http.StatusForbidden; got != c.refused {
					t.Errorf("%s %s %q: refused %v, want %v", method, path, c.header, got, c.refused)
				}
			}
		}
	}
}

// TestProbesByPodAddressAreAnswered: probes have the address of the pod as Host. A listener that is not on loopback answers
// them.
func TestProbesByPodAddressAreAnswered(t *testing.T) {
	ln, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, c := range []struct {
		hosts []string
		host  string
		want  int
	}{
		{nil, "10.1.2.3:9090", 200},
		{nil, "throng.monitoring.svc:9090", 200},
		{[]string{"throng.monitoring.svc"}, "10.1.2.3:9090", 200},
		{[]string{"throng.monitoring.svc"}, "throng.monitoring.svc:9090", 200},
		{[]string{"throng.monitoring.svc"}, "evil.example", 403},
	} {
		if got := ask(On(ln, Options{Hosts: c.hosts}).Handler(), "GET", "/healthz", "Host", c.host); got != c.want {
			t.Errorf("hosts %q, Host %s: %d, want %d", c.hosts, c.host, got, c.want)
		}
	}
}

// TestProfilesNeedPost: every profile needs a POST; the index, cmdline and symbol do not.
func TestProfilesNeedPost(t *testing.T) {
	costly := []string{
		"profile?seconds=0.01", "trace?seconds=0.01", "heap", "heap?debug=1", "heap?gc=1", "allocs", "goroutine?debug=2", "block", "mutex", "threadcreate",
	}
	plain, open := (&Server{}).Handler(), (&Server{options: Options{Profiles: true}}).Handler()
	for _, name := range costly {
		for _, method := range []string{"GET", "HEAD"} {
			if got := ask(plain, method, "/debug/pprof/"+name); got != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, name, got)
			}
		}
		if name == "profile?seconds=0.01" {
			continue // at least a second of sampling
		}
		if got := ask(plain, "POST", "/debug/pprof/"+name); got != 200 {
			t.Errorf("POST %s: %d", name, got)
		}
		if got := ask(open, "GET", "/debug/pprof/"+name); got != 200 {
			t.Errorf("GET %s with admin_profiles: %d", name, got)
		}
	}
	for _, free := range []string{"", "cmdline", "symbol"} {
		if got := ask(plain, "GET", "/debug/pprof/"+free); got != 200 {
			t.Errorf("GET %q: %d", free, got)
		}
	}
}

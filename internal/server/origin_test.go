package server

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ask sends the bytes of a request and reads the response.
func ask(t *testing.T, addr, method, request string) (status int, header http.Header, body string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%v to %q", err, request)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp.StatusCode, resp.Header, ""
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func upgradeFrom(origin, host string) string {
	return fmt.Sprintf("GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: %s\r\n\r\n", host, origin)
}

// TestDevAllowsEveryOriginOfTheHost: --dev allows every origin whose IP address is also the Host, even if the machine does not
// have that address, and no other names, which may resolve to this machine (DNS rebinding).
func TestDevAllowsEveryOriginOfTheHost(t *testing.T) {
	addr, _ := start(t, map[string]any{"dev": true, "drain": time.Duration(0)})
	for _, c := range []struct {
		origin, host string
		want         int
	}{
		{"http://192.168.1.5:8080", "192.168.1.5:8080", 101}, // an address translation, a container
		{"https://203.0.113.9", "203.0.113.9", 101},          // TLS ends in front
		{"http://[2001:db8::5]:8080", "[2001:db8::5]:8080", 101},
		{"http://localhost:9000", "localhost:8080", 101}, // a tunnel, a development server
		{"http://localhost:9000", "127.0.0.1:8080", 101},
		{"http://192.168.1.5:8080", "192.168.1.6:8080", 403},
		{"http://192.168.1.5:8080", "192.168.1.5:9090", 403},
		{"http://rebound.example:8080", "rebound.example:8080", 403}, // DNS rebinding
		{"http://localhost.rebound.example:8080", "localhost.rebound.example:8080", 403},
		{"http://127.0.0.1.rebound.example:8080", "127.0.0.1.rebound.example:8080", 403},
		{"http://rebound.example:8080", "127.0.0.1:8080", 403},
		{"null", "127.0.0.1:8080", 403},
	} {
		if got, _, body := ask(t, addr, "GET", upgradeFrom(c.origin, c.host)); got != c.want {
			t.Errorf("Origin %s, Host %s: %d %s, want %d", c.origin, c.host, got, body, c.want)
		}
	}
}

// TestRefusedOriginIsReported: a refused origin is reported in the response, on the page, in the metrics and in the log, which
// has one line for many of them.
func TestRefusedOriginIsReported(t *testing.T) {
	book := &logBook{}
	s := built(t, configured(t, map[string]any{"drain": time.Duration(0)}), slog.NewTextHandler(book, nil))
	serve(t, s)
	addr := s.Addr().String()
	for range 20 {
		status, _, body := ask(t, addr, "GET", upgradeFrom("https://chat.example", "127.0.0.1:8080"))
		if status != 403 || !strings.Contains(body, "https://chat.example") || !strings.Contains(body, "the Host header is 127.0.0.1:8080") {
			t.Fatalf("%d %q", status, body)
		}
	}
	log := book.String()
	if strings.Count(log, "\n") != 1 || !strings.Contains(log, "level=WARN") || !strings.Contains(log, "origin=https://chat.example host=127.0.0.1:8080 refused=1") {
		t.Errorf("the log:\n%s", log)
	}
	s.origins.logged.Store(int64(time.Since(s.origins.started)) - int64(originWarning)) // a minute later
	ask(t, addr, "GET", upgradeFrom("https://\xc2\x9b31m\xff.example", "127.0.0.1:8080"))
	if log := book.String(); strings.Count(log, "\n") != 2 || !strings.Contains(log, "refused=20") || strings.ContainsFunc(log, func(r rune) bool { return r > 0x7e }) {
		t.Errorf("the log a minute later:\n%q", log)
	}
	if text := scrape(s); !strings.Contains(text, `throng_requests_refused_total{reason="origin"} 21`) {
		t.Error("not counted")
	}
	for origin, want := range map[string]int{"https%3A%2F%2Fchat.example": 403, "http%3A%2F%2Flocalhost": 204, "": 204} {
		request := "GET /connection/origin?origin=" + origin + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
		status, header, body := ask(t, addr, "GET", request)
		if status != want || header.Get("Cache-Control") != "no-store" || (status == 403) != strings.Contains(body, "https://chat.example") {
			t.Errorf("%s: %d %q", origin, status, body)
		}
	}
}

// TestRefusalNamesTheSetting covers a list of origins.
func TestRefusalNamesTheSetting(t *testing.T) {
	addr, _ := start(t, map[string]any{"drain": time.Duration(0), "allowed_origins": []string{"https://a.example"}})
	if status, _, body := ask(t, addr, "GET", upgradeFrom("https://b.example", "b.example")); status != 403 || !strings.Contains(body, "not in allowed_origins") {
		t.Errorf("%d %q", status, body)
	}
}

// TestDefaultHealthChecksOfLoadBalancers sends the default HTTP health checks of load balancers.
func TestDefaultHealthChecksOfLoadBalancers(t *testing.T) {
	for name, flags := range map[string]map[string]any{
		"dev": {"dev": true}, "plain": {}, "behind a proxy": {"trusted_proxies": []string{"127.0.0.0/8"}, "allowed_origins": []string{"https://a.example"}},
	} {
		addr, _ := start(t, flags)
		for _, c := range []struct{ balancer, method, request string }{
			{"HAProxy, option httpchk", "OPTIONS", "OPTIONS / HTTP/1.0\r\n\r\n"},
			{"HAProxy 1.x with a host", "OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: www\r\n\r\n"},
			{"HAProxy, http-check send", "GET", "GET / HTTP/1.0\r\n\r\n"},
			{"OPTIONS *", "OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"},
			{"AWS", "GET", "GET / HTTP/1.1\r\nHost: 10.0.0.7:8080\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n"},
			{"Google", "GET", "GET / HTTP/1.1\r\nHost: 10.0.0.7\r\nUser-Agent: GoogleHC/1.0\r\nConnection: Keep-alive\r\n\r\n"},
			{"Azure", "GET", "GET / HTTP/1.1\r\nHost: 10.0.0.7:8080\r\nUser-Agent: Load Balancer Agent\r\nConnection: Keep-Alive\r\n\r\n"},
			{"keepalived", "GET", "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 10.0.0.7:8080\r\n\r\n"},
			{"nginx, Kubernetes", "GET", "GET / HTTP/1.0\r\nHost: throng\r\nConnection: close\r\n\r\n"},
			{"Varnish", "GET", "GET / HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n"},
			{"curl -I", "HEAD", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"},
			{"HEAD of HTTP/1.0", "HEAD", "HEAD / HTTP/1.0\r\n\r\n"},
			{"a request behind an empty line", "GET", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
			{"Envoy with a body of nothing", "GET", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"},
			{"absolute form", "GET", "GET http://throng/ HTTP/1.1\r\nHost: x\r\n\r\n"},
		} {
			if status, _, _ := ask(t, addr, c.method, c.request); status/100 != 2 {
				t.Errorf("%s, %s: %d", name, c.balancer, status)
			}
		}
	}
}

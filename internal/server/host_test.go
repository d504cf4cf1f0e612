package server

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// TestReboundNamesAreRefused: a page whose name resolves to a loopback address sends that name as Host and Origin (DNS
// rebinding). Without a list of origins the Host is checked, and the page gets no WebSocket.
func TestReboundNamesAreRefused(t *testing.T) {
	none, _ := start(t, map[string]any{"drain": time.Duration(0)})
	dev, _ := start(t, map[string]any{"dev": true, "drain": time.Duration(0)})
	named, _ := start(t, map[string]any{"drain": time.Duration(0), "allowed_origins": []string{"https://chat.example"}})
	same, _ := start(t, map[string]any{"drain": time.Duration(0), "allowed_origins": []string{"same-host"}})
	_, port, _ := net.SplitHostPort(none)
	for _, c := range []struct {
		addr, origin, host string
		want               int
	}{
		{none, "http://evil.example:" + port, "evil.example:" + port, 403},
		{none, "http://127.0.0.1.evil.example", "127.0.0.1.evil.example", 403},
		{none, "http://localhost.evil.example", "localhost.evil.example", 403},
		{none, "http://192.0.2.1", "192.0.2.1", 403},
		{none, "http://0.0.0.0:" + port, "0.0.0.0:" + port, 403},
		{none, "http://localhost:" + port, "localhost:" + port, 101},
		{none, "http://127.0.0.1", "127.0.0.1", 101},
		{none, "https://[::1]:9", "[::1]:9", 101},
		{none, "", "chat.example", 101}, // no browser
		{dev, "http://evil.example", "evil.example", 403},
		{named, "https://chat.example", "chat.example", 101}, // through a proxy on this machine
		{named, "https://chat.example", "upstream", 101},
		{named, "http://evil.example", "evil.example", 403},
		{same, "http://evil.example", "evil.example", 101}, // allowed explicitly
	} {
		request := upgradeFrom(c.origin, c.host)
		if c.origin == "" {
			request = strings.Replace(request, "Origin: \r\n", "", 1)
		}
		if got, _, why := ask(t, c.addr, "GET", request); got != c.want {
			t.Errorf("Origin %s, Host %s: %d %s, want %d", c.origin, c.host, got, why, c.want)
		}
		probe := fmt.Sprintf("GET /connection/origin?origin=%s HTTP/1.1\r\nHost: %s\r\n\r\n", c.origin, c.host)
		if got, _, why := ask(t, c.addr, "GET", probe); (got == 204) != (c.want == 101) {
			t.Errorf("Origin %s, Host %s: the answer to the question is %d %s", c.origin, c.host, got, why)
		}
	}
}

// TestListenerOnAllAddressesAnswersToEveryName: such a listener accepts every Host, because it cannot know its names.
func TestListenerOnAllAddressesAnswersToEveryName(t *testing.T) {
	cfg := configured(t, map[string]any{"drain": time.Duration(0)})
	cfg.Listen = ":0"
	s := built(t, cfg, slog.DiscardHandler)
	serve(t, s)
	_, port, _ := net.SplitHostPort(s.Addr().String())
	if got, _, why := ask(t, "127.0.0.1:"+port, "GET", upgradeFrom("http://any.example", "any.example")); got != 101 {
		t.Errorf("%d %s", got, why)
	}
}

// TestPageRequestsWithContentAreRejected: a request that announces content is answered at once, whether or not the content
// arrives, and does not occupy one of the max_http places.
func TestPageRequestsWithContentAreRejected(t *testing.T) {
	addr, _ := start(t, map[string]any{"dev": true, "max_http": 1, "drain": time.Duration(0)})
	for _, c := range []struct {
		method, request string
		want            int
	}{
		{"POST", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n", 405},
		{"DELETE", "DELETE /ws HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
		{"GET", "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n", 400},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n", 400},
	} {
		for range 20 {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() // stays when its answer has come
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			got, want := make([]byte, 13), fmt.Sprintf("HTTP/1.1 %d ", c.want)
			if _, err := conn.Write([]byte(c.request)); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Read(got); err != nil || string(got) != want {
				t.Fatalf("%q is answered with %q, %v", c.request, got, err)
			}
		}
	}
	if got, _, body := ask(t, addr, "GET", "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"); got != 200 || body == "" {
		t.Errorf("the page: %d %q", got, body)
	}
}

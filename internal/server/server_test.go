package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/throngd/throng/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server with these flags; stop ends it and checks that Serve returned nil.
func start(t *testing.T, flags map[string]any) (addr string, stop func(context.Context) error) {
	t.Helper()
	s := built(t, configured(t, flags), slog.DiscardHandler)
	stop = serve(t, s)
	return s.Addr().String(), stop
}

func dial(t *testing.T, url, origin string) (*websocket.Conn, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	o := &websocket.DialOptions{HTTPHeader: http.Header{}, HTTPClient: &http.Client{Transport: &http.Transport{}}}
	if origin != "" {
		o.HTTPHeader.Set("Origin", origin)
	}
	c, resp, err := websocket.Dial(ctx, url, o)
	if err != nil && resp == nil {
		t.Fatal(err)
	}
	if c != nil {
		t.Cleanup(func() { _ = c.CloseNow() })
	}
	return c, resp.StatusCode
}

func TestOrigins(t *testing.T) {
	dev, _ := start(t, map[string]any{"dev": true, "drain": time.Duration(0)})
	strict, _ := start(t, map[string]any{"drain": time.Duration(0)})
	list, _ := start(t, map[string]any{"drain": time.Duration(0), "allowed_origins": []string{"https://a.example"}})
	for _, c := range []struct {
		addr, origin string
		want         int
	}{
		{dev, "", 101},
		{dev, "http://localhost:3000", 101},
		{dev, "http://localhost", 101},
		{dev, "https://127.0.0.1:8443", 101},
		{dev, "http://[::1]:80", 101},
		{dev, "http://" + dev, 101},
		{dev, "http://localhost.evil.example", 403},
		{dev, "http://localhost:3000.evil.example", 403},
		{dev, "http://localhost:", 403},
		{dev, "http://evil.example", 403},
		{dev, "null", 403},
		{strict, "", 101},
		{strict, "http://" + strict, 101},
		{strict, "http://localhost:3000", 403},
		{list, "https://a.example", 101},
		{list, "http://" + list, 403},
	} {
		if _, got := dial(t, "ws://"+c.addr+"/ws", c.origin); got != c.want {
			t.Errorf("origin %q: %d, want %d", c.origin, got, c.want)
		}
	}
}

// TestStopClosesWithShutdown: a drain closes with 3001, after which clients reconnect.
func TestStopClosesWithShutdown(t *testing.T) {
	addr, stop := start(t, map[string]any{"dev": true, "drain": 100 * time.Millisecond})
	c, _ := dial(t, "ws://"+addr+"/connection/websocket", "")
	closed := make(chan error, 1)
	go func() {
		_, _, err := c.Read(context.Background())
		closed <- err
	}()
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-closed; websocket.CloseStatus(err) != 3001 {
		t.Errorf("the client saw %v, want close code 3001", err)
	}
}

// TestStopEndsWithItsContext: it does not wait for the drain.
func TestStopEndsWithItsContext(t *testing.T) {
	addr, stop := start(t, map[string]any{"dev": true, "drain": time.Hour})
	var conns []*websocket.Conn
	for range 20 {
		c, _ := dial(t, "ws://"+addr+"/ws", "")
		conns = append(conns, c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Stop: %v", err)
	}
	for _, c := range conns {
		if _, _, err := c.Read(t.Context()); err == nil {
			t.Error("a connection is still open")
		}
	}
}

// TestEcho: /echo is there only if enabled, and has its own message limit.
func TestEcho(t *testing.T) {
	off, _ := start(t, map[string]any{"dev": true})
	if _, status := dial(t, "ws://"+off+"/echo", ""); status == 101 {
		t.Error("/echo answers without --echo")
	}
	on, _ := start(t, map[string]any{"echo": true, "echo_max_message": 16 * config.MiB})
	c, _ := dial(t, "ws://"+on+"/echo", "")
	c.SetReadLimit(-1)
	message := make([]byte, 16<<20)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageBinary, message); err != nil {
		t.Fatal(err)
	}
	if _, back, err := c.Read(ctx); err != nil || len(back) != len(message) {
		t.Errorf("%d bytes came back, %v", len(back), err)
	}
}

func TestPage(t *testing.T) {
	addr, _ := start(t, map[string]any{"dev": true})
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); resp.StatusCode != 200 || len(body) == 0 || err != nil {
		t.Errorf("%s, %d bytes, %v", resp.Status, len(body), err)
	}
}

package server

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/config"
)

// TestHealth holds a loop up: it is noticed, and no longer when the loop goes on.
func TestHealth(t *testing.T) {
	cfg, err := config.Load(config.Layers{Flags: map[string]any{"listen": "127.0.0.1:0", "drain": time.Duration(0), "loops": 2}})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Resolve(1000)
	s, err := New(&cfg.Config, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Health(); err != nil {
		t.Errorf("before Listen: %v", err)
	}
	if text := scrape(s); !strings.Contains(text, "throng_connections 0") {
		t.Errorf("before Listen: %s", text)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	release := make(chan struct{})
	s.poll.Loop(1).Do(func() { <-release })
	begin := time.Now()
	waitFor(t, "Health fails", func() bool { return s.Health() != nil })
	if took := time.Since(begin); took < stallTime {
		t.Errorf("ill after %v already", took)
	}
	if err := s.Health().Error(); !strings.Contains(err, "[1]") {
		t.Errorf("%s: it is loop 1", err)
	}
	close(release)
	waitFor(t, "Health recovers", func() bool { return s.Health() == nil })
	if text := scrape(s); !strings.Contains(text, `throng_loop_lag_seconds{loop="1"}`) {
		t.Errorf("no loops: %s", text)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func scrape(s *Server) string {
	w := httptest.NewRecorder()
	s.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

package server

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/metrics"
)

// TestHealthReportsAStalledLoop also checks that the report ends when the loop continues.
func TestHealthReportsAStalledLoop(t *testing.T) {
	s := built(t, configured(t, map[string]any{"drain": time.Duration(0), "loops": 2}), slog.DiscardHandler)
	if err := s.Health(); err != nil {
		t.Errorf("before Listen: %v", err)
	}
	if text := scrape(s); !strings.Contains(text, "throng_connections 0") {
		t.Errorf("before Listen: %s", text)
	}
	stop := serve(t, s)
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
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func scrape(s *Server) string {
	w := httptest.NewRecorder()
	s.Metrics(func(*metrics.Snapshot) {}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
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

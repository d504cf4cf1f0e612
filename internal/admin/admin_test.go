package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost"+path, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestReadyzFollowsState(t *testing.T) {
	s := &Server{}
	h := s.Handler()
	for _, c := range []struct {
		state  State
		status int
		text   string
	}{
		{Starting, 503, "starting"},
		{Ready, 200, "ready"},
		{Draining, 503, "draining"},
	} {
		s.SetState(c.state)
		if status, text := get(t, h, "/readyz"); status != c.status || text != c.text {
			t.Errorf("%v: /readyz answers %d %s, want %d %s", c.state, status, text, c.status, c.text)
		}
		if status, text := get(t, h, "/healthz"); status != 200 || text != "ok" {
			t.Errorf("%v: /healthz answers %d %s", c.state, status, text)
		}
	}
}

func TestOnlyKnownPathsAreServed(t *testing.T) {
	h := (&Server{}).Handler()
	for path, want := range map[string]int{
		"/debug/pprof/": 200, "/debug/pprof/cmdline": 200, "/": 404, "/healthz/": 404,
	} {
		if status, _ := get(t, h, path); status != want {
			t.Errorf("GET %s: %d, want %d", path, status, want)
		}
	}
}

func TestServeUntilClose(t *testing.T) {
	s, err := Listen("127.0.0.1:0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	resp, err := http.Get("http://" + s.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); string(b) != "ok\n" {
		t.Errorf("body %q", b)
	}
	resp.Body.Close()
	if _, err := Listen(s.Addr().String(), Options{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second listener: %v", err)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestHealthzAndMetricsUseHandlers(t *testing.T) {
	var ill error
	s := &Server{Health: func() error { return ill }}
	h := s.Handler()
	if status, text := get(t, h, "/healthz"); status != 200 || text != "ok" {
		t.Errorf("healthy: %d %s", status, text)
	}
	ill = errors.New("loop 3 sleeps")
	if status, text := get(t, h, "/healthz"); status != 503 || text != "loop 3 sleeps" {
		t.Errorf("ill: %d %s", status, text)
	}
	if status, _ := get(t, h, "/metrics"); status != 404 {
		t.Errorf("no metrics: %d", status)
	}
	s.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("throng 1")) })
	if status, text := get(t, h, "/metrics"); status != 200 || text != "throng 1" {
		t.Errorf("metrics: %d %s", status, text)
	}
}

package server

import (
	"context"
	"log/slog"
	"maps"
	"testing"

	"github.com/throngd/throng/internal/config"
)

// configured returns the configuration of these flags, with a free port on loopback.
func configured(t *testing.T, flags map[string]any) *config.Loaded {
	t.Helper()
	flags = maps.Clone(flags)
	flags["listen"] = "127.0.0.1:0"
	cfg, err := config.Load(config.Layers{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Resolve(1000)
	return cfg
}

func built(t *testing.T, cfg *config.Loaded, log slog.Handler) *Server {
	t.Helper()
	s, err := New(&cfg.Config, "test", slog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve runs a server; stop ends it, once, and checks that Serve returned nil.
func serve(t *testing.T, s *Server) (stop func(context.Context) error) {
	t.Helper()
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	var once bool
	stop = func(ctx context.Context) error {
		if once {
			return nil
		}
		once = true
		err := s.Stop(ctx)
		if e := <-served; e != nil {
			t.Errorf("Serve: %v", e)
		}
		return err
	}
	t.Cleanup(func() { _ = stop(context.Background()) })
	return stop
}

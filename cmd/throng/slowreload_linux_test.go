package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pipeInstead replaces a file by a FIFO.
func pipeInstead(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBlockedReloadDelaysNothing: a reload that blocks on a file delays neither the connections
// nor the end of the server.
func TestBlockedReloadDelaysNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "throng.yaml")
	writeFile(t, file, "drain: 0s\n")
	m := newManager(t)
	s := startServer(t, append(lobbyForAll, "NOTIFY_SOCKET="+m.path), "--config", file, "--listen", "127.0.0.1:0", "--admin", "")
	addr := s.says(t, listening)
	m.hears(t, `READY=1\n.*`)
	pipeInstead(t, file)
	s.signal(t, syscall.SIGHUP)
	m.hears(t, `RELOADING=1\n.*`)
	member := joinRoom(t, "ws://"+addr+"/ws")
	_ = member.ws.CloseNow()
	began := time.Now()
	s.signal(t, syscall.SIGTERM)
	s.endsWith(t, 0)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the end took %v", took)
	}
	if strings.Contains(s.output.String(), "reloaded") {
		t.Errorf("%s", s.output)
	}
}

// TestSlowReloadIsAbandoned: a reload that takes too long is abandoned, its later result
// is ignored, and the next reload works.
func TestSlowReloadIsAbandoned(t *testing.T) {
	file := filepath.Join(t.TempDir(), "throng.yaml")
	writeFile(t, file, "drain: 0s\nreload_timeout: 100ms\n")
	m := newManager(t)
	s := startServer(t, []string{"NOTIFY_SOCKET=" + m.path}, "--config", file, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	adminAddr := s.says(t, adminAt)
	m.hears(t, `READY=1\n.*`)
	pipeInstead(t, file)
	s.signal(t, syscall.SIGHUP)
	m.hears(t, `RELOADING=1\n.*`)
	m.hears(t, `READY=1\n.*`)
	s.says(t, regexp.MustCompile(`"the reload is given up, everything stays as it was: .*","reload_timeout":"100ms"`))
	metric(t, adminAddr, `throng_reloads_total{result="timeout"}`, func(v float64) bool { return v == 1 })
	s.signal(t, syscall.SIGHUP)
	m.hears(t, `RELOADING=1\n.*`)
	m.hears(t, `READY=1\n.*`)
	s.says(t, regexp.MustCompile(`"not reloaded: an earlier reload, which was given up, still waits for its files"`))

	pipe, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipe.WriteString("drain: 1s\n"); err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, "drain: 2s\n")
	for end := time.Now().Add(20 * time.Second); !strings.Contains(s.output.String(), `"reloaded"`); {
		s.signal(t, syscall.SIGHUP)
		m.hears(t, `RELOADING=1\n.*`)
		m.hears(t, `READY=1\n.*`)
		if time.Now().After(end) {
			t.Fatalf("never reloaded: %s", s.output)
		}
	}
	if out := s.output.String(); strings.Count(out, `"changed":["drain"]`) != 1 {
		t.Errorf("%s", out)
	}
}

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/throngd/throng/internal/load/report"
)

// startCommand runs a command of throng with both output streams at w.
func startCommand(t *testing.T, w *os.File, args ...string) *runningServer {
	t.Helper()
	s := commandWith(t, w, args...)
	s.begin(t)
	return s
}

func commandWith(t *testing.T, w *os.File, args ...string) *runningServer {
	t.Helper()
	s := &runningServer{cmd: exec.Command(binary(t), args...), ended: make(chan struct{}), output: &watched{}}
	s.cmd.Stdout, s.cmd.Stderr = w, w
	return s
}

// begin starts the command, which lives at most as long as the test.
func (s *runningServer) begin(t *testing.T) {
	t.Helper()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); <-s.ended })
}

// binary returns the path of this program under the name of the command, by which
// testscript.Main chooses it, also in processes that the command starts.
func binary(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "throng")
	if err := os.Link(exe, path); err == nil {
		return path
	}
	b, err := os.ReadFile(exe) // on another file system
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// brokenPipe is a pipe whose reader has gone away.
func brokenPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// hasReport waits for a whole report in a file.
func hasReport(t *testing.T, file string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if r, err := report.ReadFile(file); err == nil && r.OK() {
			return
		} else if time.Now().After(end) {
			t.Fatalf("no report: %v, %v", r, err)
		}
	}
}

// TestUnreadOutputDoesNotDelayLoad: a run is measured and its files are
// written although the reader of its output has gone or does not read.
func TestUnreadOutputDoesNotDelayLoad(t *testing.T) {
	server := startServer(t, nil, "--dev", "--listen", "127.0.0.1:0", "--admin", "")
	addr := server.says(t, listening)
	dir := t.TempDir()
	run := func(w *os.File, name string, args ...string) (s *runningServer, json string) {
		json = filepath.Join(dir, name+".json")
		return startCommand(t, w, append([]string{"load", "fanout", "ws://" + addr + "/ws", "-n", "10", "--duration", "200ms", "--rate", "200", "--json", json, "--html", filepath.Join(dir, name+".html")}, args...)...), json
	}

	gone, file := run(brokenPipe(t), "gone")
	gone.endsWith(t, 0)
	hasReport(t, file)

	gone, file = run(brokenPipe(t), "several", "--processes", "2")
	gone.endsWith(t, 0)
	hasReport(t, file)

	_, full := fullPipe(t)
	stuck, file := run(full, "stuck")
	hasReport(t, file)
	select {
	case <-stuck.ended:
		t.Error("the reader of the report was not waited for")
	default:
	}
	stuck.signal(t, syscall.SIGTERM)
	stuck.endsWith(t, 0)

	copied := filepath.Join(dir, "copy.json")
	_, full = fullPipe(t)
	_ = startCommand(t, full, "load", "report", file, "--json", copied)
	hasReport(t, copied)
}

// TestReportToFullDiskFails: a report that cannot be written to the standard output is an error.
func TestReportToFullDiskFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no /dev/full")
	} else if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	server := startServer(t, nil, "--dev", "--listen", "127.0.0.1:0", "--admin", "")
	addr := server.says(t, listening)
	startCommand(t, full, "load", "fanout", "ws://"+addr+"/ws", "-n", "10", "--duration", "200ms", "--rate", "200").endsWith(t, 1)
}

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// startWithFiles runs throng serve with a limit of open files.
func startWithFiles(t *testing.T, files int, args ...string) *runningServer {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	named := filepath.Join(t.TempDir(), "throng")
	if err := os.Symlink(exe, named); err != nil {
		t.Fatal(err)
	}
	shell := fmt.Sprintf(`ulimit -n %d; exec "$0" serve "$@"`, files)
	cmd := exec.Command("sh", append([]string{"-c", shell, named}, args...)...)
	cmd.Env = append(os.Environ(), lobbyForAll...)
	s := &runningServer{cmd: cmd, ended: make(chan struct{}), output: &watched{changed: make(chan struct{}, 1)}}
	cmd.Stdout, cmd.Stderr = s.output, s.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-s.ended })
	return s
}

// keep opens n connections, which send this and stay open.
func keep(t *testing.T, addr, says string, n int) {
	t.Helper()
	for range n {
		c, err := net.DialTimeout("tcp", addr, 10*time.Second)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, says)
	}
}

// TestAdminPortAnswersWhilePublicPortIsFull: max_connections WebSockets are open, and the public port gets requests without
// their content, connections that send nothing and half requests; the admin port has idle connections, too. Probes and
// scrapes are answered all the same, and no accept fails.
func TestAdminPortAnswersWhilePublicPortIsFull(t *testing.T) {
	const files, reserve = 400, 256
	s := startWithFiles(t, files, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--loops", "2", "--connect-timeout", "5m", "--drain", "0s")
	addr, admin := s.says(t, listening), s.says(t, adminAt)
	upgrade := "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	keep(t, addr, upgrade, files-reserve)
	keep(t, admin, "", 2*files)
	var floods sync.WaitGroup
	for _, says := range []string{
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.1\r\n", "", upgrade,
	} {
		floods.Go(func() { keep(t, addr, says, files) })
	}
	done := make(chan struct{})
	go func() { floods.Wait(); close(done) }()
	probes := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	metrics := ""
	for flooding := true; flooding; {
		select {
		case <-done:
			flooding = false
		default:
		}
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			resp, err := probes.Get("http://" + admin + path)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != 200 || err != nil {
				t.Fatalf("%s: %s %q, %v", path, resp.Status, body, err)
			}
			metrics = string(body)
		}
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
		if err != nil || len(open) >= files {
			t.Fatalf("%d descriptors of %d, %v", len(open), files, err)
		}
	}
	for _, line := range []string{"throng_accept_errors_total 0", "process_max_fds 400"} {
		if !strings.Contains(metrics, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	if strings.Contains(metrics, `throng_limit_hits_total{limit="max_admin"} 0`) || strings.Contains(metrics, `throng_limit_hits_total{limit="max_connections"} 0`) {
		t.Error("a bound was not met")
	}
}

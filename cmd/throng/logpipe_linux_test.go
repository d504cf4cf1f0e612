package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// startLoggingTo runs throng serve with both output streams at w. It listens on
// a socket that the test has opened, because its output cannot report the address.
func startLoggingTo(t *testing.T, w *os.File, args ...string) (s *runningServer, addr, adminAddr string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(exe, filepath.Join(dir, "throng")); err != nil {
		t.Fatal(err)
	}
	public, adminPort := listenLoopback(t), listenLoopback(t)
	shell := `LISTEN_PID=$$ exec "$0" serve "$@"`
	cmd := exec.Command("sh", append([]string{"-c", shell, filepath.Join(dir, "throng")}, args...)...)
	cmd.Env = append(os.Environ(), append(lobbyForAll, "LISTEN_FDS=2", "LISTEN_FDNAMES=public:admin")...)
	for _, ln := range []net.Listener{public, adminPort} {
		f, err := ln.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s = &runningServer{cmd: cmd, ended: make(chan struct{}), output: &watched{}}
	go func() { _ = cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-s.ended })
	return s, public.Addr().String(), adminPort.Addr().String()
}

// endsWith waits for the end of the server.
func (s *runningServer) endsWith(t *testing.T, code int) {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s does not end", s.cmd)
	}
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d (%v)", got, code, s.cmd.ProcessState)
	}
}

// metric waits until ok is true for a sample of /metrics.
func metric(t *testing.T, adminAddr, name string, ok func(float64) bool) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	value := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := client.Get("http://" + adminAddr + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		m := value.FindSubmatch(body)
		if m == nil {
			t.Fatalf("no metric %s", name)
		}
		if v, err := strconv.ParseFloat(string(m[1]), 64); err == nil && ok(v) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s stays at %s", name, m[1])
		}
	}
}

// TestServerContinuesWithoutLogReader: the server continues after the reader of its log has closed the
// pipe or FIFO. A later reader gets a line with the number of dropped lines.
func TestServerContinuesWithoutLogReader(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ignored := range []bool{false, true} {
		t.Run("SIGPIPE ignored "+strconv.FormatBool(ignored), func(t *testing.T) {
			if ignored { // a child inherits it
				unignore := ignoreSIGPIPE()
				defer unignore()
			}
			r, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			s, addr, adminAddr := startLoggingTo(t, w, "--drain", "0s")
			_ = w.Close()
			lines := bufio.NewReader(r)
			if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, `"serving"`) {
				t.Fatalf("%q, %v", line, err)
			}
			_ = r.Close()
			member := joinRoom(t, "ws://"+addr+"/ws")
			for i := range 3 {
				s.signal(t, syscall.SIGHUP)
				metric(t, adminAddr, "throng_log_dropped_lines_total", func(v float64) bool { return v > float64(i) })
			}
			member.write(t.Context(), `{"id":3,"publish":{"channel":"lobby","data":1}}`)
			if _, b, err := member.ws.Read(t.Context()); err != nil || !strings.Contains(string(b), `"id":3`) {
				t.Errorf("%s, %v", b, err)
			}

			r, err = os.OpenFile(fifo, os.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			s.signal(t, syscall.SIGHUP)
			lines = bufio.NewReader(r)
			line, err := lines.ReadString('\n')
			if missing := regexp.MustCompile(`"log lines were dropped.*","lines":[3-9]`); err != nil || !missing.MatchString(line) {
				t.Errorf("%q, %v", line, err)
			}
			if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, `"reloaded"`) {
				t.Errorf("%q, %v", line, err)
			}
			_ = member.ws.CloseNow()
			s.signal(t, syscall.SIGTERM)
			s.endsWith(t, 0)
		})
	}
}

// ignoreSIGPIPE starts children of this process with SIGPIPE ignored.
func ignoreSIGPIPE() (undo func()) {
	signal.Ignore(syscall.SIGPIPE)
	return func() { signal.Reset(syscall.SIGPIPE) }
}

// fullPipe returns a pipe whose buffer is full.
func fullPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(p[1]), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	_ = syscall.SetNonblock(p[1], true)
	for b := make([]byte, 4096); ; {
		if _, err := syscall.Write(p[1], b); errors.Is(err, syscall.EAGAIN) {
			if len(b) == 1 {
				break
			}
			b = b[:1]
		}
	}
	_ = syscall.SetNonblock(p[1], false) // as a shell passes it
	r, w = os.NewFile(uintptr(p[0]), "full pipe"), os.NewFile(uintptr(p[1]), "full pipe")
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	return r, w
}

// TestUnreadLogDoesNotBlockServer: the server starts, serves, reloads and ends in time
// although no byte of its log can be written.
func TestUnreadLogDoesNotBlockServer(t *testing.T) {
	for _, args := range [][]string{{"--drain", "0s"}, {"--drain", "0s", "--dev"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			_, w := fullPipe(t)
			s, addr, adminAddr := startLoggingTo(t, w, append(args, "--log-queue", "4KiB", "--log-level", "debug")...)
			member := joinRoom(t, "ws://"+addr+"/ws")
			flood := time.Now()
			for dropped := false; !dropped; { // every connection writes a line
				s.signal(t, syscall.SIGHUP)
				metric(t, adminAddr, "throng_log_dropped_lines_total", func(v float64) bool { dropped = v > 0; return true })
				if time.Since(flood) > 20*time.Second {
					t.Fatal("the log never overflows")
				}
			}
			metric(t, adminAddr, `throng_limit_hits_total{limit="log_queue"}`, func(v float64) bool { return v > 0 })
			for i := range 20 {
				id := strconv.Itoa(i + 3)
				member.write(t.Context(), `{"id":`+id+`,"publish":{"channel":"lobby","data":1}}`)
				for told := false; !told; {
					_, b, err := member.ws.Read(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					told = strings.Contains(string(b), `"id":`+id)
				}
			}
			_ = member.ws.CloseNow()
			s.signal(t, syscall.SIGTERM)
			began := time.Now()
			s.endsWith(t, 0)
			if took := time.Since(began); took > flushTime+8*time.Second {
				t.Errorf("the end took %v", took)
			}
		})
	}
}

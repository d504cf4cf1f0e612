//go:build linux

package process

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const patience = 20 * time.Second

var binary string // of throng

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv(crowdMark) != "" {
		return crowdMain()
	}
	removeStale()
	dir, err := os.MkdirTemp("", fmt.Sprintf("throng-process-%d-", os.Getpid()))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "throng")
	build := exec.Command("go", "build", "-o", binary, "github.com/throngd/throng/cmd/throng")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// removeStale removes the directories of earlier test processes that were killed.
func removeStale() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), "throng-process-*-*"))
	for _, dir := range dirs {
		pid, err := strconv.Atoi(strings.Split(filepath.Base(dir), "-")[2])
		if err == nil && pid > 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

// server is a running throng serve --dev.
type server struct {
	t    testing.TB
	cmd  *exec.Cmd
	addr string

	mu  sync.Mutex
	log bytes.Buffer // its standard output and standard error
}

// Write adds to the log.
func (s *server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *server) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

var opened = regexp.MustCompile(`Open   http://(\S+) in`)

// start runs a server until the test ends. A prefix, if any, is the command that runs it.
func start(t testing.TB, prefix []string, flags ...string) *server {
	t.Helper()
	return startTo(t, nil, prefix, flags...)
}

// startTo is start with another standard error than the server's log.
func startTo(t testing.TB, stderr io.Writer, prefix []string, flags ...string) *server {
	t.Helper()
	args := append(append([]string{}, prefix...), binary, "serve", "--dev", "--listen", "127.0.0.1:0", "--admin", "", "--drain", "0s")
	args = append(args, flags...)
	s := &server{t: t, cmd: exec.Command(args[0], args[1:]...)}
	s.cmd.Stdout, s.cmd.Stderr = s, s
	if stderr != nil {
		s.cmd.Stderr = stderr
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.signal(syscall.SIGCONT)
		s.signal(syscall.SIGTERM)
		_ = s.cmd.Wait()
		if t.Failed() {
			t.Logf("the log of the server:\n%.4000s", s.output())
		}
	})
	eventually(t, "the server listens", func() bool {
		m := opened.FindStringSubmatch(s.output())
		if m != nil {
			s.addr = m[1]
		}
		return m != nil
	})
	return s
}

func (s *server) pid() int { return s.cmd.Process.Pid }

func (s *server) signal(sig syscall.Signal) { _ = s.cmd.Process.Signal(sig) }

// limitFiles sets the file limit of the running server (prlimit(2)) and returns the limit before.
func (s *server) limitFiles(limit unix.Rlimit) (before unix.Rlimit) {
	s.t.Helper()
	if err := unix.Prlimit(s.pid(), unix.RLIMIT_NOFILE, &limit, &before); err != nil {
		s.t.Fatal(err)
	}
	return before
}

// files is the number of open descriptors of the server.
func (s *server) files() int {
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.pid()))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(names)
}

// peak is the peak resident memory of the server, in KiB.
func (s *server) peak() int { return s.status("VmHWM:") }

// status returns a number in /proc/PID/status.
func (s *server) status(name string) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid()))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), name)
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// eventually polls a condition that no event announces.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			t.Fatal("never happened: " + what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manager is a service manager for a test: it receives the notifications (sd_notify(3)).
type manager struct {
	conn *net.UnixConn
	path string
}

func newManager(t *testing.T) *manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &manager{c, path}
}

// hears waits for a message that matches, and skips watchdog messages before it.
func (m *manager) hears(t *testing.T, pattern string) string {
	t.Helper()
	b := make([]byte, 4096)
	_ = m.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		n, err := m.conn.Read(b)
		if err != nil {
			t.Fatalf("waiting for %s: %v", pattern, err)
		}
		if regexp.MustCompile(`^` + pattern + `$`).Match(b[:n]) {
			return string(b[:n])
		}
		if string(b[:n]) != "WATCHDOG=1" {
			t.Fatalf("heard %q, want %s", b[:n], pattern)
		}
	}
}

// TestServiceStatesAreNotified: a service of Type=notify-reload with a watchdog sends READY, RELOADING, STOPPING and WATCHDOG.
func TestServiceStatesAreNotified(t *testing.T) {
	m := newManager(t)
	s := startServer(t, append(lobbyForAll, "NOTIFY_SOCKET="+m.path, "WATCHDOG_USEC=200000"),
		"--drain", "300ms", "--listen", "127.0.0.1:0", "--admin", "")
	m.hears(t, `READY=1\nSTATUS=serving 127\.0\.0\.1:\d+, 0 connections`)
	addr := s.says(t, listening)
	m.hears(t, `WATCHDOG=1`)
	m.hears(t, `WATCHDOG=1`)
	joinRoom(t, "ws://"+addr+"/ws")

	signal := func(sig os.Signal) {
		t.Helper()
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGHUP)
	m.hears(t, `RELOADING=1\nMONOTONIC_USEC=[1-9]\d+`)
	m.hears(t, `READY=1\nSTATUS=serving \S+, 1 connections`)
	signal(syscall.SIGTERM)
	m.hears(t, `STOPPING=1\nSTATUS=draining \S+, 1 connections\nEXTEND_TIMEOUT_USEC=15300000`)
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.output)
	}
}

// TestStoppedProcessSendsNoWatchdog: a process stopped by SIGSTOP sends no watchdog notifications.
func TestStoppedProcessSendsNoWatchdog(t *testing.T) {
	m := newManager(t)
	s := startServer(t, []string{"NOTIFY_SOCKET=" + m.path, "WATCHDOG_USEC=100000"}, "--listen", "127.0.0.1:0", "--admin", "")
	m.hears(t, `READY=1\n.*`)
	m.hears(t, `WATCHDOG=1`)
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	var err error
	for range 100 { // earlier notifications may still be in the socket
		_ = m.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if _, err = m.conn.Read(b); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stopped process still notifies: %v", err)
	}
	_ = s.cmd.Process.Signal(syscall.SIGCONT)
}

// startActivated starts a server as systemd does with socket units: these
// sockets at descriptor 3 and up, their names in LISTEN_FDNAMES. LISTEN_PID has
// to be the pid of the server itself, which only a shell in between can know.
func startActivated(t *testing.T, sockets []net.Listener, names string, args ...string) *runningServer {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(exe, filepath.Join(dir, "throng")); err != nil {
		t.Fatal(err)
	}
	shell := `LISTEN_PID=$$ exec "$0" serve "$@"`
	s := &runningServer{cmd: exec.Command("sh", append([]string{"-c", shell, filepath.Join(dir, "throng")}, args...)...), ended: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), "LISTEN_FDS="+strconv.Itoa(len(sockets)), "LISTEN_FDNAMES="+names)
	for _, ln := range sockets {
		f, err := ln.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		s.cmd.ExtraFiles = append(s.cmd.ExtraFiles, f)
	}
	s.output = &watched{changed: make(chan struct{}, 1)}
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); <-s.ended })
	return s
}

// TestRestartKeepsActivatedSockets: the sockets outlive the server, so a restart refuses no
// connection: one that is opened in between is accepted by the next server.
func TestRestartKeepsActivatedSockets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("systemd is Linux's")
	}
	public, adminPort := listenLoopback(t), listenLoopback(t)
	addr := public.Addr().String()
	// --listen names an address that cannot be bound: it must not be tried
	start := func() *runningServer {
		return startActivated(t, []net.Listener{public, adminPort}, "throng.socket:admin", "--dev", "--loops", "2", "--listen", "192.0.2.1:1", "--drain", "0s")
	}
	readyz := func() int {
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}).Get("http://" + adminPort.Addr().String() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	first := start()
	first.says(t, listening)
	if code := readyz(); code != 200 {
		t.Errorf("/readyz answers %d", code)
	}
	old := joinRoom(t, "ws://"+addr+"/ws")
	if err := first.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if old.listen(t.Context()); old.code != 3001 {
		t.Errorf("closed with %d", old.code)
	}
	<-first.ended
	early, err := net.Dial("tcp", addr) // no server runs; the kernel queues the connection
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close()
	second := start()
	second.says(t, listening)
	if _, err := io.WriteString(early, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 12)
	if _, err := io.ReadFull(early, b); err != nil || string(b) != "HTTP/1.1 200" {
		t.Errorf("who came in between got %q, %v", b, err)
	}
	for range 8 {
		joinRoom(t, "ws://"+addr+"/ws")
	}
}

func TestTooManyPassedSocketsAreRefused(t *testing.T) {
	s := startActivated(t, []net.Listener{listenLoopback(t), listenLoopback(t)}, "a:b", "--dev", "--admin", "")
	<-s.ended
	if out := s.output.String(); s.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out, "systemd passed more sockets than there are ports") {
		t.Errorf("exit code %d: %s", s.cmd.ProcessState.ExitCode(), out)
	}
}

// TestActivatedUnixSocketIsKept: with ListenStream=/path the public port is a Unix socket, whose file the server does not
// remove.
func TestActivatedUnixSocketIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "public.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	for range 2 {
		s := startActivated(t, []net.Listener{ln}, "throng.socket", "--admin", "", "--loops", "2", "--drain", "0s")
		s.says(t, regexp.MustCompile(`"listen":"(unix:[^"]+/public\.sock)"`))
		askUnix(t, path)
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-s.ended
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// TestUnixSocketsAreMadeAndRemoved: --listen and --admin unix:/path make sockets with the mode of --socket-mode, remove them
// at the end, and replace the socket of a killed server.
func TestUnixSocketsAreMadeAndRemoved(t *testing.T) {
	dir := t.TempDir()
	public, admin := filepath.Join(dir, "public.sock"), filepath.Join(dir, "admin.sock")
	start := func() *runningServer {
		s := startServer(t, nil, "--listen", "unix:"+public, "--admin", "unix:"+admin, "--socket-mode", "0606", "--drain", "0s")
		s.says(t, regexp.MustCompile(`"listen":"(unix:[^"]+)"`))
		return s
	}
	killed := start()
	_ = killed.cmd.Process.Kill()
	<-killed.ended
	s := start()
	askUnix(t, public)
	askUnix(t, admin)
	if info, err := os.Lstat(public); err != nil || info.Mode().Perm() != 0o606 {
		t.Errorf("%v %v", info, err)
	}
	second := startServer(t, nil, "--listen", "unix:"+public, "--admin", "")
	<-second.ended
	if out := second.output.String(); second.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out, "another program already listens on unix:"+public) {
		t.Errorf("exit code %d: %s", second.cmd.ProcessState.ExitCode(), out)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// askUnix expects an answer of HTTP from the socket at path.
func askUnix(t *testing.T, path string) {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	b := make([]byte, 7)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1." {
		t.Errorf("%q %v", b, err)
	}
}

// TestWrongPassedSocketIsNamed: the error names the socket that systemd passed, not --listen.
func TestWrongPassedSocketIsNamed(t *testing.T) {
	datagram, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer datagram.Close()
	server := listenLoopback(t)
	connection, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	pipe, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer writer.Close()
	for want, source := range map[string]any{
		"a datagram socket; a port is ListenStream=": datagram,
		"a connection and no listener":               connection,
		"no socket; a port is ListenStream=":         pipe,
	} {
		s := startActivated(t, []net.Listener{passedFile{source: source}}, "throng.socket", "--dev", "--admin", "")
		<-s.ended
		out := s.output.String()
		if s.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out, `socket "throng.socket" (descriptor 3) that systemd passed: `+want) || strings.Contains(out, "--listen") {
			t.Errorf("exit code %d: %s; want %q", s.cmd.ProcessState.ExitCode(), out, want)
		}
	}
}

// passedFile passes a descriptor that is not a listener to startActivated.
type passedFile struct {
	net.Listener
	source any
}

func (p passedFile) File() (*os.File, error) {
	if f, ok := p.source.(*os.File); ok {
		fd, err := syscall.Dup(int(f.Fd()))
		return os.NewFile(uintptr(fd), "pipe"), err
	}
	return p.source.(interface{ File() (*os.File, error) }).File()
}

func listenLoopback(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

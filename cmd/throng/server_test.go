package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/throngd/throng/internal/certs/certtest"
)

// runningServer is a throng serve of a script.
type runningServer struct {
	cmd    *exec.Cmd
	output *watched
	ended  chan struct{}
}

// watched collects output and lets a test wait for it.
type watched struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Write(p)
	select {
	case w.changed <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

var listening = regexp.MustCompile(`"listen":"([^"]+)"|Open   https?://(\S+)`)
var adminAt = regexp.MustCompile(`"admin":"([^"]+)"`)

// serverCmd: "server FLAGS..." starts throng serve, waits until it listens and
// sets $ADDR, $PORT and $ADMIN.
func serverCmd(ts *testscript.TestScript, _ bool, args []string) {
	exe, err := exec.LookPath(os.Args[0])
	ts.Check(err)
	s := &runningServer{cmd: exec.Command(exe, append([]string{"serve"}, args...)...), ended: make(chan struct{})}
	s.cmd.Args[0] = "throng" // testscript.Main runs the command of this name
	s.cmd.Dir = ts.Getenv("WORK")
	s.output = &watched{changed: make(chan struct{}, 1)}
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	ts.Check(s.cmd.Start())
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	ts.Defer(func() { _ = s.cmd.Process.Kill(); <-s.ended })
	servers.Store(ts.Name(), s)
	addr := s.waitFor(ts, listening)
	ts.Setenv("ADDR", addr)
	ts.Setenv("PORT", portOf(addr))
	if m := adminAt.FindStringSubmatch(s.output.String()); m != nil {
		ts.Setenv("ADMIN", m[1])
	}
}

// servers holds the server of each running script.
var servers sync.Map

func (s *runningServer) waitFor(ts *testscript.TestScript, re *regexp.Regexp) string {
	deadline := time.After(20 * time.Second)
	for {
		if m := re.FindStringSubmatch(s.output.String()); m != nil {
			return strings.Join(m[1:], "")
		}
		select {
		case <-s.output.changed:
		case <-s.ended:
			ts.Fatalf("the server ended: %s", s.output)
		case <-deadline:
			ts.Fatalf("no %s in: %s", re, s.output)
		}
	}
}

// signalCmd: "signal SIGNAL [EXITCODE]" sends it; with an exit code, waits for
// the end of the server, which must come within 10 s, and writes server.log.
func signalCmd(ts *testscript.TestScript, _ bool, args []string) {
	v, _ := servers.Load(ts.Name())
	s := v.(*runningServer)
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP}
	ts.Check(s.cmd.Process.Signal(signals[args[0]]))
	if len(args) < 2 {
		return
	}
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		ts.Fatalf("still running: %s", s.output)
	}
	ts.Check(os.WriteFile(ts.MkAbs("server.log"), []byte(s.output.String()), 0o600))
	if code := s.cmd.ProcessState.ExitCode(); strconv.Itoa(code) != args[1] {
		ts.Fatalf("exit code %d, want %s: %s", code, args[1], s.output)
	}
}

// logCmd: "log PATTERN" waits until the output of the server matches.
func logCmd(ts *testscript.TestScript, _ bool, args []string) {
	v, _ := servers.Load(ts.Name())
	v.(*runningServer).waitFor(ts, regexp.MustCompile(args[0]))
}

// anyCertificate is a transport that trusts the certificates of tests.
func anyCertificate() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
}

// certCmd: "cert NAME DIR [expired]" writes DIR/tls.crt and DIR/tls.key.
func certCmd(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		pair := certtest.New(t, args[0])
		if len(args) > 2 {
			pair = certtest.NewAt(t, args[0], -48*time.Hour, -24*time.Hour)
		}
		ts.Check(os.MkdirAll(ts.MkAbs(args[1]), 0o700))
		pair.WriteTo(t, ts.MkAbs(args[1]))
	}
}

// holdCmd: "hold URL" opens a WebSocket and keeps it until the script ends.
func holdCmd(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, args[0], &websocket.DialOptions{HTTPClient: &http.Client{Transport: anyCertificate()}})
	ts.Check(err)
	ts.Defer(func() { _ = c.CloseNow() })
}

// getCmd: "get STATUS URL" requests a page and writes its body to the file body.
func getCmd(ts *testscript.TestScript, _ bool, args []string) {
	c := http.Client{Timeout: 10 * time.Second, Transport: anyCertificate()}
	resp, err := c.Get(args[1])
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("body"), body, 0o600))
	if strconv.Itoa(resp.StatusCode) != args[0] {
		ts.Fatalf("%s: %s, want %s: %s", args[1], resp.Status, args[0], body)
	}
}

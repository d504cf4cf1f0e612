package proxies

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/server"
	"github.com/throngd/throng/internal/unixsocket"
)

// find returns the program's path. The test is skipped if it is not installed.
func find(t *testing.T, program string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		path := filepath.Join(dir, program)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	t.Skipf("%s is not installed; on Debian: apt-get install %s", program, program)
	return ""
}

// startThrong runs a server in this process with the flags of the example, at a free address, with one
// connection for each client address and a ping each second.
func (e *example) startThrong(t *testing.T) {
	t.Helper()
	env := []string{
		"THRONG_CONNECTIONS_PER_IP=1", "THRONG_PING_INTERVAL=2s", "THRONG_PONG_TIMEOUT=1s", "THRONG_DRAIN=0s",
		"THRONG_CLIENT_ALLOW_ANONYMOUS_CONNECT_WITHOUT_TOKEN=true",
	}
	var listen string
	args := strings.Fields(e.command)
	for i := 0; i < len(args); i++ {
		name, value := strings.TrimPrefix(args[i], "--"), "true"
		if i+1 < len(args) && !strings.HasPrefix(args[i+1], "--") {
			i++
			value = args[i]
		}
		if name == "listen" {
			if listen = value; !strings.HasPrefix(listen, unixsocket.Prefix) {
				value = "127.0.0.1:0"
			}
		}
		env = append(env, config.EnvName(strings.ReplaceAll(name, "-", "_"))+"="+value)
	}
	cfg, err := config.Load(config.Layers{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Resolve(1000)
	s, err := server.New(&cfg.Config, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(listen, unixsocket.Prefix) {
		ln, err := unixsocket.Listen(listen, cfg.SocketPermissions())
		if err != nil {
			t.Fatal(err)
		}
		s.Inherit(ln.UnixListener)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Stop(context.Background())
		<-served
	})
	if s.Addr().Network() == "tcp" {
		e.config = strings.ReplaceAll(e.config, listen, s.Addr().String())
	}
}

// output collects the output of a program.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// startProxy runs the program with the example's configuration and waits until it accepts.
func (e *example) startProxy(t *testing.T, program string) {
	t.Helper()
	cmd := e.proxy(t, program)
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Dir = e.dir
	cmd.Env = append(os.Environ(), "HOME="+e.dir, "XDG_DATA_HOME="+e.dir, "XDG_CONFIG_HOME="+e.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s says:\n%s\nof:\n%s", program, out, e.config)
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", e.front); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended:\n%s\nof:\n%s", program, out, e.config)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen on %s:\n%s", program, e.front, out)
		}
	}
}

func (e *example) proxy(t *testing.T, program string) *exec.Cmd {
	t.Helper()
	write := func(name, text string) string {
		path := filepath.Join(e.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	switch e.language {
	case "nginx":
		const frame = "daemon off;\nmaster_process off;\npid %[1]s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n" +
			"client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\n%[2]s}\n"
		return exec.Command(program, "-p", e.dir, "-e", "stderr", "-c", write("nginx.conf", fmt.Sprintf(frame, e.dir, e.config)))
	case "caddy":
		return exec.Command(program, "run", "--adapter", "caddyfile", "--config", write("Caddyfile", "{\n\tadmin off\n\tauto_https off\n}\n"+e.config))
	}
	return exec.Command(program, "-db", "-f", write("haproxy.cfg", e.config))
}

//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// child is a process of the benchmark. The kernel kills it when the benchmark ends.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   bytes.Buffer  // may be read after done
	lines chan struct{} // has an element if a line was written since the last receive
	errs  bytes.Buffer
	done  chan struct{}
}

// Write adds to out.
func (c *child) Write(p []byte) (int, error) {
	for range bytes.Count(p, []byte{'\n'}) {
		select {
		case c.lines <- struct{}{}:
		default:
		}
	}
	return c.out.Write(p)
}

// start runs the program on the core, with -1 on any. The child inherits the affinity of the
// thread that forks it, and the Go runtime takes its GOMAXPROCS from that.
func start(core int, program string, args ...string) (*child, error) {
	c := &child{cmd: exec.Command(program, args...), lines: make(chan struct{}, 1), done: make(chan struct{})}
	c.cmd.WaitDelay = time.Second // for a child of its own that holds its output
	c.cmd.Stdout, c.cmd.Stderr = c, &c.errs
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: PDEATHSIG is about this thread, which keeps its affinity
		started <- c.fork(core)
		c.cmd.Wait()
		close(c.done)
	}()
	return c, <-started
}

func (c *child) fork(core int) error {
	if core >= 0 {
		var set unix.CPUSet
		set.Set(core)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("pin to core %d: %w", core, err)
		}
	}
	if core < 0 { // the same number of threads on every machine; the generator needs only one
		c.cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c.cmd.Start()
}

// ended reports whether the process has ended.
func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// end kills the process and waits until it has ended.
func (c *child) end() {
	c.cmd.Process.Kill() // does nothing if it has ended
	<-c.done
}

// waitForListen waits until the server accepts connections.
func (c *child) waitForListen(ctx context.Context, addr string) error {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			conn.Close()
			return c.alive()
		}
		select {
		case <-c.done:
			return fmt.Errorf("did not start: %s", c.lastLine())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("does not listen on %s after 10 s", addr)
}

// alive returns an error if the process has ended: then another server has answered.
func (c *child) alive() error {
	if c.ended() {
		return fmt.Errorf("did not start: %s", c.lastLine())
	}
	return nil
}

// lastLine is the last line that the process wrote, to standard error if it wrote there.
func (c *child) lastLine() string {
	lines := strings.Split(strings.TrimSpace(c.errs.String()+c.out.String()), "\n")
	return lines[len(lines)-1]
}

// free returns an error if another process listens on the address.
func free(addr string) error {
	l, err := net.Listen("tcp4", addr)
	if err != nil {
		return fmt.Errorf("the address %s is taken: %w", addr, err)
	}
	return l.Close()
}

// freeAddr returns an address of this machine on which no process listens.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

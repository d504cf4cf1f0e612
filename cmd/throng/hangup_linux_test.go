package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns both ends of a new pseudoterminal (pts(4)).
func openTerminal(t *testing.T) (near, far *os.File) {
	t.Helper()
	near, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := near.SyscallConn() // Fd would make it blocking, and then Close waits for Read
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	control := raw.Control(func(fd uintptr) {
		if number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); err == nil {
			err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		}
	})
	if err := errors.Join(control, err); err != nil {
		t.Fatal(err)
	}
	far, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return near, far
}

// TestHangUpOfClosedTerminalEndsServer: SIGHUP reloads while the terminal is open. The SIGHUP that the
// kernel sends when the terminal is closed ends the server.
func TestHangUpOfClosedTerminalEndsServer(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	near, far := openTerminal(t)
	s := &runningServer{cmd: exec.Command(exe, "serve", "--dev", "--listen", "127.0.0.1:0", "--admin", ""), ended: make(chan struct{})}
	s.cmd.Args[0] = "throng"
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = far, far, far
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = far.Close()
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); <-s.ended })
	s.output = &watched{changed: make(chan struct{}, 1)}
	go func() { // reads the output of the terminal
		b := make([]byte, 4096)
		for {
			n, err := near.Read(b)
			if err != nil {
				return
			}
			_, _ = s.output.Write(b[:n])
		}
	}()
	s.says(t, listening)
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.says(t, regexp.MustCompile(`msg=reloaded`))
	_ = near.Close()
	select {
	case <-s.ended:
		if code := s.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(20 * time.Second):
		t.Error("the server lives on without its terminal")
	}
}

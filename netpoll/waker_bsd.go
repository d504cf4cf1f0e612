//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netpoll

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// waker is a descriptor that any goroutine can make readable: the reading end of a pipe.
type waker struct{ fd, out int }

func newWaker() (waker, error) {
	var p [2]int
	syscall.ForkLock.RLock()
	err := unix.Pipe(p[:])
	if err == nil {
		unix.CloseOnExec(p[0])
		unix.CloseOnExec(p[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return waker{}, os.NewSyscallError("pipe", err)
	}
	_ = unix.SetNonblock(p[0], true)
	_ = unix.SetNonblock(p[1], true)
	return waker{p[0], p[1]}, nil
}

// wake ignores an error: a pipe that is full is readable already.
func (w waker) wake() { _, _ = unix.Write(w.out, []byte{1}) }

func (w waker) drain() {
	var b [64]byte
	for {
		if n, _ := unix.Read(w.fd, b[:]); n < len(b) {
			return
		}
	}
}

func (w waker) close() {
	_ = unix.Close(w.fd)
	_ = unix.Close(w.out)
}

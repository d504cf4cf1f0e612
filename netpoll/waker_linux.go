package netpoll

import (
	"os"

	"golang.org/x/sys/unix"
)

// waker is a descriptor that any goroutine can make readable: an eventfd. It is registered
// edge-triggered, so it never has to be read.
type waker struct{ fd int }

func newWaker() (waker, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	return waker{fd}, os.NewSyscallError("eventfd", err)
}

func (w waker) wake() {
	one := [8]byte{1}
	_, _ = unix.Write(w.fd, one[:])
}

// drain does nothing: the descriptor is registered edge-triggered.
func (w waker) drain() {}

func (w waker) close() { _ = unix.Close(w.fd) }

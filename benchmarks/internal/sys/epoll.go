//go:build linux

package sys

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Epoll is one level-triggered epoll instance. An id of the caller's choice stands for
// each descriptor.
type Epoll struct {
	fd     int
	events []unix.EpollEvent
}

// NewEpoll returns up to batch events per Wait.
func NewEpoll(batch int) (*Epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	return &Epoll{fd: fd, events: make([]unix.EpollEvent, batch)}, nil
}

// Add reports fd by id as long as it is readable.
func (e *Epoll) Add(fd int, id int32) error {
	return unix.EpollCtl(e.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: id})
}

// FD is the descriptor, which is readable while something is ready.
func (e *Epoll) FD() int { return e.fd }

// Poll returns the events that are ready, without waiting.
func (e *Epoll) Poll() []unix.EpollEvent {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_WAIT, uintptr(e.fd),
		uintptr(unsafe.Pointer(&e.events[0])), uintptr(len(e.events)), 0, 0, 0)
	if errno != 0 {
		return nil
	}
	return e.events[:n]
}

// Wait polls and, if nothing is ready, sleeps until something is, at most max.
// Negative means forever. epoll_pwait2(2), Linux 5.11: a schedule needs less than milliseconds.
func (e *Epoll) Wait(max time.Duration) []unix.EpollEvent {
	if ready := e.Poll(); len(ready) > 0 || max == 0 {
		return ready
	}
	var until *unix.Timespec
	if max > 0 {
		t := unix.NsecToTimespec(max.Nanoseconds())
		until = &t
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(e.fd), uintptr(unsafe.Pointer(&e.events[0])),
		uintptr(len(e.events)), uintptr(unsafe.Pointer(until)), 0, 0)
	if errno != 0 { // EINTR: the runtime's signals
		return nil
	}
	return e.events[:n]
}

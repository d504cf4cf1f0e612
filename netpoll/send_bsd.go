//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netpoll

import (
	"golang.org/x/sys/unix"

	"github.com/panjf2000/gnet/v2/pkg/socket"
)

func acceptFD(listener int) (int, error) {
	fd, _, err := socket.Accept(listener)
	return fd, err
}

// The sockets are non-blocking, so neither call waits.

func recv(fd int, b []byte) (int, error) {
	n, err := unix.Read(fd, b)
	return max(n, 0), err
}

// recvDiscard is recv for bytes that are discarded. b is scratch.
func recvDiscard(fd int, b []byte) (int, error) { return recv(fd, b) }

// send returns how many bytes of b the kernel took; b must not be empty.
func send(fd int, b []byte) (int, error) {
	n, err := unix.Write(fd, b)
	return max(n, 0), err
}

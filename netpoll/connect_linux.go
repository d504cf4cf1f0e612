package netpoll

import "golang.org/x/sys/unix"

// newSocket returns a non-blocking TCP socket.
func newSocket(family int) (int, error) {
	return unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

// bindLater has bind take the address only; the port is chosen at connect, where it must
// differ only from those used to the same destination.
func bindLater(fd int) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
}

//go:build linux

package sys

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Send is a non-blocking send(2): MSG_DONTWAIT spares a fcntl and a wait.
func Send(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return int(n), errno
}

// Recv is a non-blocking recv(2). 0 without an error means that the peer has closed.
func Recv(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// ListenOnly turns off delayed acknowledgements, as the kernel does for a peer that only receives, until the next send on
// fd (tcp(7), TCP_QUICKACK).
func ListenOnly(fd int) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
}

// Accept accepts one waiting connection, without its address.
func Accept(listener int) (int, error) {
	fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), noDelay(int(fd))
}

// Listen binds addr, an IPv4 address and port, with a backlog of 4,096.
func Listen(addr netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return -1, fmt.Errorf("SO_REUSEADDR: %w", err)
	}
	if err := unix.Bind(fd, sockaddr(addr)); err != nil {
		return -1, fmt.Errorf("bind %v: %w", addr, err)
	}
	if err := unix.Listen(fd, 4096); err != nil {
		return -1, fmt.Errorf("listen %v: %w", addr, err)
	}
	return fd, nil
}

// Dial connects to addr from the source address, and bounds every blocking call on the
// connection by timeout. The port is chosen late, so that source addresses multiply the
// ports (ip(7), IP_BIND_ADDRESS_NO_PORT).
func Dial(addr netip.AddrPort, source netip.Addr, timeout time.Duration) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if err := prepare(fd, source, timeout); err != nil {
		unix.Close(fd)
		return -1, err
	}
	if err := uninterrupted(func() error { return unix.Connect(fd, sockaddr(addr)) }); err != nil && err != unix.EISCONN {
		unix.Close(fd)
		return -1, fmt.Errorf("connect to %v from %v: %w", addr, source, err)
	}
	return fd, noDelay(fd)
}

// Reconnect resets the connection and connects the same socket again, from the same address
// and another port (connect(2), AF_UNSPEC). It stays in its epoll. Only while the server's
// backlog is full does it block.
func Reconnect(fd int, addr netip.AddrPort) error {
	nowhere := unix.RawSockaddrInet4{Family: unix.AF_UNSPEC}
	if errno := connect(fd, &nowhere); errno != 0 {
		return fmt.Errorf("disconnect: %w", errno)
	}
	to := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: addr.Addr().As4()}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&to.Port))[:], addr.Port())
	errno := connect(fd, &to)
	for errno == unix.EINTR || errno == unix.EALREADY {
		errno = connect(fd, &to)
	}
	if errno != 0 && errno != unix.EISCONN {
		return fmt.Errorf("connect to %v: %w", addr, errno)
	}
	return nil
}

func connect(fd int, to *unix.RawSockaddrInet4) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(to)), unsafe.Sizeof(*to))
	return errno
}

// Reset makes the close of the connection an RST.
func Reset(fd int) {
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

// Close closes fd.
func Close(fd int) { _ = unix.Close(fd) }

func prepare(fd int, source netip.Addr, timeout time.Duration) error {
	tv := unix.NsecToTimeval(timeout.Nanoseconds())
	for _, opt := range []int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, opt, &tv); err != nil {
			return fmt.Errorf("setsockopt: %w", err)
		}
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return fmt.Errorf("setsockopt: %w", err)
	}
	if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(source, 0))); err != nil {
		return fmt.Errorf("bind %v: %w", source, err)
	}
	return nil
}

// Read blocks until there is something, or for the timeout of Dial.
func Read(fd int, p []byte) (n int, err error) {
	err = uninterrupted(func() error { n, err = unix.Read(fd, p); return err })
	return n, err
}

// Write blocks until all is taken, or for the timeout of Dial.
func Write(fd int, p []byte) (n int, err error) {
	err = uninterrupted(func() error { n, err = unix.Write(fd, p); return err })
	return n, err
}

// uninterrupted repeats f while signals, those of the Go scheduler for example, end it.
func uninterrupted(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

func noDelay(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) }

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

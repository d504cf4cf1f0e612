//go:build !windows

package netpoll

import (
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// connectSocket begins a TCP connect, which goes on by itself: the socket is writable when it
// is over.
func connectSocket(local, remote netip.AddrPort) (int, error) {
	sa, family := sockaddr(remote)
	fd, err := newSocket(family)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err := prepareSocket(fd, local); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	if err := unix.Connect(fd, sa); err != nil && err != unix.EINPROGRESS && err != unix.EINTR {
		_ = unix.Close(fd)
		return -1, os.NewSyscallError("connect", err)
	}
	return fd, nil
}

func prepareSocket(fd int, local netip.AddrPort) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if !local.IsValid() {
		return nil
	}
	var err error
	if local.Port() == 0 {
		err = bindLater(fd)
	} else { // one that was used lately may be in TIME_WAIT
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	sa, _ := sockaddr(local)
	return os.NewSyscallError("bind", unix.Bind(fd, sa))
}

func sockaddr(a netip.AddrPort) (unix.Sockaddr, int) {
	if ip := a.Addr().Unmap(); ip.Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: ip.As4()}, unix.AF_INET
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}, unix.AF_INET6
}

// connectResult is how the connect of a socket has ended; done is false while it has not.
func connectResult(fd int) (done bool, err error) {
	errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && errno != 0 {
		err = unix.Errno(errno)
	}
	if err != nil {
		return true, os.NewSyscallError("connect", err)
	}
	// An event of the descriptor's previous owner can come first.
	_, err = unix.Getpeername(fd)
	return err == nil, nil
}

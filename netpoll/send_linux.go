package netpoll

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// acceptFD does not return the peer's address: most servers never need it, and it would be garbage.
func acceptFD(listener int) (int, error) {
	fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// recv and send are non-blocking by flag and enter the kernel without telling the scheduler
// (RawSyscall): they never wait, and the hand-off would cost more than the call itself.

func recv(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// recvDiscard is recv for bytes that are discarded: the kernel does not copy those of a TCP socket (tcp(7), MSG_TRUNC).
// b is scratch.
func recvDiscard(fd int, b []byte) (int, error) {
	const flags = unix.MSG_DONTWAIT | unix.MSG_TRUNC
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), flags, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// send returns how many bytes of b the kernel took; b must not be empty.
func send(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

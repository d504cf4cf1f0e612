package netpoll

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// networkTimes asks the kernel about a socket that was just accepted: the round trip that it
// measured in the TCP handshake, and how long ago that was over, which is how long the
// connection waited in the backlog. The latter is in steps of the kernel's tick.
func networkTimes(fd int) (rtt, waited time.Duration, ok bool) {
	var info unix.TCPInfo // on the stack, unlike that of unix.GetsockoptTCPInfo: 240 bytes of garbage for each connection
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0, 0, false
	}
	return time.Duration(info.Rtt) * time.Microsecond, time.Duration(info.Last_ack_recv) * time.Millisecond, true
}

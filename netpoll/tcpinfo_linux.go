package netpoll

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tcpInfo asks the kernel about a socket (tcp(7), TCP_INFO). info is the caller's, on its stack: that of
// unix.GetsockoptTCPInfo is 240 bytes of garbage for each call.
func tcpInfo(fd int, info *unix.TCPInfo) bool {
	size := uint32(unsafe.Sizeof(*info))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(info)), uintptr(unsafe.Pointer(&size)), 0)
	return errno == 0
}

// networkTimes asks the kernel about a socket that was just accepted: the round trip that it
// measured in the TCP handshake, and how long ago that was over, which is how long the
// connection waited in the backlog. The latter is in steps of the kernel's tick.
func networkTimes(fd int) (rtt, waited time.Duration, ok bool) {
	var info unix.TCPInfo
	if !tcpInfo(fd, &info) {
		return 0, 0, false
	}
	return time.Duration(info.Rtt) * time.Microsecond, time.Duration(info.Last_ack_recv) * time.Millisecond, true
}

// deliveryOf asks the kernel for the progress of a peer. New data is sent when the peer has acknowledged earlier data
// or opened its window. Retransmissions to a peer that is gone do not count, because no acknowledgement comes, nor do a
// stalled peer's answers to window probes, because no data follows.
func deliveryOf(fd int) (d delivery, ok bool) {
	var info unix.TCPInfo
	if !tcpInfo(fd, &info) {
		return d, false
	}
	return delivery{
		acked: info.Bytes_acked,
		owes:  info.Notsent_bytes > 0 || info.Unacked > 0,
		ago:   time.Duration(max(info.Last_data_sent, info.Last_ack_recv)) * time.Millisecond,
	}, true
}

// limitUnsent bounds the bytes that the kernel takes for a socket before it can send them, of all sockets that are
// accepted by a listener.
func limitUnsent(listener, bytes int) error {
	return unix.SetsockoptInt(listener, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, bytes)
}

package netpoll

import (
	"time"

	"golang.org/x/sys/unix"
)

// networkTimes asks the kernel about a socket that was just accepted: the round trip that it
// measured in the TCP handshake, and how long ago that was over, which is how long the
// connection waited in the backlog. The latter is in steps of the kernel's tick.
func networkTimes(fd int) (rtt, waited time.Duration, ok bool) {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0, 0, false
	}
	return time.Duration(info.Rtt) * time.Microsecond, time.Duration(info.Last_ack_recv) * time.Millisecond, true
}

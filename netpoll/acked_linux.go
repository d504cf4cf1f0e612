package netpoll

import "golang.org/x/sys/unix"

// unacknowledged is the number of bytes, our FIN included, that the kernel has taken and the peer has not acknowledged
// (tcp(7), SIOCOUTQ).
func unacknowledged(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}

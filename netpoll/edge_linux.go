package netpoll

import (
	"golang.org/x/sys/unix"

	gnetpoll "github.com/panjf2000/gnet/v2/pkg/netpoll"
)

// edgeTriggered: the poller reports a socket once for the bytes that arrive, and need not look at it again to find that
// everything has been read (docs/decisions/04-edge-triggered-reads.md). A read that returns fewer bytes than it asked
// for has emptied the socket (epoll(7)), except in the cases of unread.
const edgeTriggered = true

// unread reports whether a socket may have more after a short read: a FIN, an error, or bytes behind urgent data, at
// which a read stops.
func unread(ev gnetpoll.IOEvent) bool {
	return ev&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLPRI) != 0
}

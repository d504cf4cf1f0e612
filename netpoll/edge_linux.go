package netpoll

import (
	"golang.org/x/sys/unix"

	gnetpoll "github.com/panjf2000/gnet/v2/pkg/netpoll"
)

// edgeTriggered: the poller reports a socket once for what arrives, and need not look at it again to find that everything
// has been read (docs/decisions/04-edge-triggered-reads.md). A read that got less than it asked for has emptied the socket (epoll(7)), but for
// what unread names.
const edgeTriggered = true

// unread reports whether there may be more to read than a short read says: the end of what the peer sends, an error, or what
// follows urgent data, at which a read stops.
func unread(ev gnetpoll.IOEvent) bool {
	return ev&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLPRI) != 0
}

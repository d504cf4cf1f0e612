package limits

import "github.com/throngd/throng/netpoll"

// Descriptors of a server beside its connections (docs/operations.md has the same sum).
const (
	runtimeFiles  = 8  // standard streams, one of them twice; Go's poller, and the limits of its control group
	passingFiles  = 24 // for a moment: configuration, certificates, /proc for a scrape, the service manager, sockets that are taken over
	adminListener = 2  // and a connection that is one too many
)

// LeastReserve is the least number of file descriptors that are reserved, also by a load tester.
const LeastReserve = 256

// Reserve returns the number of file descriptors that a server with these numbers of event loops and admin connections
// reserves.
func Reserve(loops, admin int) int {
	return max(LeastReserve, netpoll.Reserved(loops)+runtimeFiles+passingFiles+adminListener+admin)
}

package limits

import "github.com/throngd/throng/netpoll"

// What a server opens beside its public port, in descriptors (docs/operations.md has the same sum).
const (
	runtimeFiles  = 8  // standard streams, one of them twice; Go's poller, and the limits of its control group
	passingFiles  = 24 // for a moment: configuration, certificates, /proc for a scrape, the service manager, sockets that are taken over
	adminListener = 2  // and a connection that is one too many
)

// LeastReserve is how many file descriptors are kept back from connections at least, those of a load tester
// included.
const LeastReserve = 256

// Reserve is how many file descriptors are kept back from the connections of a server with so many event
// loops and so many connections of its admin port.
func Reserve(loops, admin int) int {
	return max(LeastReserve, netpoll.Reserved(loops)+runtimeFiles+passingFiles+adminListener+admin)
}

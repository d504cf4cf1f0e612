//go:build !windows

package netpoll

// Descriptors of a loop beside those of its connections.
const (
	// descriptorsPerLoop: the poller's two, the mailbox (a pipe on BSD), and the listener; temporarily one of a
	// connection that is refused and one of a connection that is given to HTTP; and one beyond each of the two bounds
	// below, which loops check without a lock.
	descriptorsPerLoop = 9
	// descriptorsBeyond MaxConns, of all loops: connections that linger after a refusal, and those on their way to a
	// loop that displaces another one for them.
	descriptorsBeyond = maxDenied + maxIncoming
)

// Reserved returns the number of descriptors that a server with so many loops may use beside MaxConns. The limit of
// open files of the process should be at least the sum of both and of what else the process opens.
func Reserved(loops int) int { return descriptorsBeyond + descriptorsPerLoop*loops }

// othersFiles are left to the rest of the process if MaxConns is not set.
const (
	leastReserve = 256
	othersFiles  = 64
)

// defaultMaxConns returns the MaxConns for a limit of open files.
func defaultMaxConns(limit, loops int) int {
	return max(limit-max(leastReserve, Reserved(loops)+othersFiles), limit/2)
}

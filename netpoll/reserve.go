//go:build !windows

package netpoll

// Descriptors that a loop has beside those of its connections.
const (
	// descriptorsPerLoop: the poller's two, the mailbox (a pipe on BSD), the listener; while they are at it, one
	// of a connection that is refused and one more of a connection that is given to HTTP; and one beyond each of
	// the two bounds below, which loops look at without a lock.
	descriptorsPerLoop = 9
	// descriptorsBeyond MaxConns, of all loops: connections that linger to be told why they are refused, and
	// those on their way to a place that is yet to be made.
	descriptorsBeyond = maxDenied + maxIncoming
)

// Reserved is the number of descriptors that a server with so many loops may have beside MaxConns: limit
// the open files of the process to at least both, and what else it opens.
func Reserved(loops int) int { return descriptorsBeyond + descriptorsPerLoop*loops }

// othersFiles are left to the rest of the process where MaxConns is not set.
const (
	leastReserve = 256
	othersFiles  = 64
)

// defaultMaxConns is what limit open files allow.
func defaultMaxConns(limit, loops int) int {
	return max(limit-max(leastReserve, Reserved(loops)+othersFiles), limit/2)
}

//go:build !windows

package netpoll

// sharedRun is bytes of a broadcast that connections of one loop wait for. They are counted once, however many those
// are; only the loop counts. The memory itself is the garbage collector's.
type sharedRun struct {
	loop  *Loop
	bytes []byte
	refs  int // chunks that refer to it
}

func (r *sharedRun) hold() {
	if r.refs++; r.refs == 1 {
		r.loop.holds(len(r.bytes))
	}
}

func (r *sharedRun) release() {
	if r.refs--; r.refs == 0 {
		r.loop.holds(-len(r.bytes))
	}
}

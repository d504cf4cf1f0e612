//go:build !windows

package netpoll

// sharedRun is the bytes of a broadcast that slow members of one loop have in their outboxes. Their memory is counted once
// for all of these members. Only the loop counts; the garbage collector frees the memory itself.
type sharedRun struct {
	loop  *Loop
	bytes []byte
	refs  int // chunks that refer to it
}

func (r *sharedRun) retain() {
	if r.refs++; r.refs == 1 {
		r.loop.holds(len(r.bytes))
	}
}

func (r *sharedRun) release() {
	if r.refs--; r.refs == 0 {
		r.loop.holds(-len(r.bytes))
	}
}

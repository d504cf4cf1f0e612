//go:build !windows

package netpoll

// outbox is what a connection owes its peer, in order: runs of bytes, and behind them the tail, in
// which small messages are copied behind one another to leave with one call. Empty it keeps the
// tail's memory.
type outbox struct {
	chunks []chunk
	head   int // chunks before it have been sent
	tail   []byte
	off    int    // bytes that have been sent of chunks[head], or of the tail if there is none
	size   int    // bytes owed
	own    int    // bytes of the tail and of the chunks that are not shared, sent or not: their memory
	since  uint32 // tick of the last progress
	began  uint32 // tick from which on it has not been empty
	place  int    // in the loop's list of those that owe, from 1 on

	counted, countedOwn int // of size and of memory, in the loop's tally
}

// chunk is a run of whole frames. Its bytes are immutable: others may refer to them.
type chunk struct {
	bytes []byte
	run   *sharedRun // nil: nobody else waits for them
}

const (
	// copyLimit is the size in bytes up to which a message is copied into the tail: below it
	// the copy is cheaper than one more element of a writev.
	copyLimit = 1 << 10
	// tailLimit is the size in bytes from which on a tail is a chunk: what has been sent of a
	// chunk is given back when all of it has. And it is the largest empty tail that is kept for
	// the next connection.
	tailLimit = 64 << 10
)

// grown takes the tail back after bytes were appended to it.
func (o *outbox) grown(tail []byte) {
	o.size += len(tail) - len(o.tail)
	o.own += len(tail) - len(o.tail)
	o.tail = tail
	if len(tail) >= tailLimit {
		o.closeTail()
	}
}

// closeTail makes a chunk of the tail.
func (o *outbox) closeTail() {
	if len(o.tail) > 0 {
		o.chunks = append(o.chunks, chunk{bytes: o.tail})
		o.tail = nil
	}
}

// refer queues immutable bytes without a copy.
func (o *outbox) refer(b []byte) {
	o.closeTail()
	o.chunks = append(o.chunks, chunk{bytes: b})
	o.size += len(b)
	o.own += len(b)
}

// share queues the bytes of a broadcast.
func (o *outbox) share(r *sharedRun) {
	o.closeTail()
	r.hold()
	o.chunks = append(o.chunks, chunk{r.bytes, r})
	o.size += len(r.bytes)
}

// drop lets go of the bytes of a chunk.
func (o *outbox) drop(c *chunk) {
	if c.run != nil {
		c.run.release()
	} else {
		o.own -= len(c.bytes)
	}
	*c = chunk{}
}

// add queues immutable bytes, copying them when that is cheaper than a reference.
func (o *outbox) add(b []byte) {
	if len(b) <= copyLimit {
		o.grown(append(o.tail, b...))
		return
	}
	o.refer(b)
}

// first is the next run of bytes to send; rest tells whether more follow.
func (o *outbox) first() (b []byte, rest bool) {
	if o.head == len(o.chunks) {
		return o.tail[o.off:], false
	}
	return o.chunks[o.head].bytes[o.off:], o.head+1 < len(o.chunks) || len(o.tail) > 0
}

// vector appends up to limit runs of bytes to dst, for writev.
func (o *outbox) vector(dst [][]byte, limit int) [][]byte {
	off := o.off
	for _, c := range o.chunks[o.head:min(len(o.chunks), o.head+limit)] {
		dst = append(dst, c.bytes[off:])
		off = 0
	}
	if len(o.chunks)-o.head < limit && off < len(o.tail) {
		dst = append(dst, o.tail[off:])
	}
	return dst
}

// sent notes that n bytes have left.
func (o *outbox) sent(n int) {
	o.size -= n
	if o.size == 0 {
		o.empty()
		return
	}
	o.off += n
	for o.head < len(o.chunks) && o.off >= len(o.chunks[o.head].bytes) {
		o.off -= len(o.chunks[o.head].bytes)
		o.drop(&o.chunks[o.head])
		o.head++
	}
	if o.head > 64 && o.head > len(o.chunks)/2 {
		n := copy(o.chunks, o.chunks[o.head:])
		clear(o.chunks[n:])
		o.chunks, o.head = o.chunks[:n], 0
	}
}

// cut drops what has not begun to leave. Each run is whole frames, so the peer still sees whole
// frames.
func (o *outbox) cut() {
	switch {
	case o.off == 0:
		o.empty()
	case o.head == len(o.chunks):
		o.size = len(o.tail) - o.off
	default:
		o.dropFrom(o.head + 1)
		o.chunks = o.chunks[:o.head+1]
		o.own -= len(o.tail)
		o.tail = o.tail[:0]
		o.size = len(o.chunks[o.head].bytes) - o.off
	}
}

// empty drops everything and keeps memory of ordinary size for the next use.
func (o *outbox) empty() {
	if len(o.chunks) > 0 {
		o.dropFrom(o.head)
		o.chunks = o.chunks[:0]
		if cap(o.chunks) > 1<<10 {
			o.chunks = nil
		}
	}
	o.tail = o.tail[:0]
	if cap(o.tail) > tailLimit {
		o.tail = nil
	}
	o.head, o.off, o.size, o.own = 0, 0, 0, 0
}

// dropFrom lets go of the chunks from index i on.
func (o *outbox) dropFrom(i int) {
	for ; i < len(o.chunks); i++ {
		o.drop(&o.chunks[i])
	}
}

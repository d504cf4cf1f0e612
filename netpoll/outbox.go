//go:build !windows

package netpoll

// outbox holds the bytes that wait to be sent to a peer, in order: runs of bytes (chunks), and behind them the tail.
// Small messages are copied into the tail one after another, so that they leave with one call. An empty outbox keeps
// the memory of its tail.
type outbox struct {
	chunks []chunk
	head   int // chunks[:head] have been sent
	tail   []byte
	off    int    // bytes that have been sent of chunks[head], or of the tail if there is no chunk left
	size   int    // unsent bytes
	own    int    // bytes of the tail and of the chunks that are not shared, sent or not: their memory
	since  uint32 // tick of the last progress
	began  uint32 // tick since which the outbox has not been empty
	place  int    // index+1 in Loop.owing; 0: not there

	counted, countedOwn int // the part of size and of memory that the loop's counters include
}

// chunk is a run of whole frames. Its bytes are immutable: others may refer to them.
type chunk struct {
	bytes []byte
	run   *sharedRun // nil: the bytes are this connection's alone
}

const (
	// copyLimit is the size in bytes up to which a message is copied into the tail: below it
	// the copy is cheaper than one more element of a writev.
	copyLimit = 1 << 10
	// tailLimit is the size in bytes at which the tail becomes a chunk, because the memory of a chunk is given back when
	// all of it has been sent. It is also the largest empty tail that is kept for the next connection.
	tailLimit = 64 << 10
)

// setTail stores the tail after bytes were appended to it.
func (o *outbox) setTail(tail []byte) {
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

// addRef queues immutable bytes without a copy.
func (o *outbox) addRef(b []byte) {
	o.closeTail()
	o.chunks = append(o.chunks, chunk{bytes: b})
	o.size += len(b)
	o.own += len(b)
}

// addShared queues the bytes of a broadcast.
func (o *outbox) addShared(r *sharedRun) {
	o.closeTail()
	r.retain()
	o.chunks = append(o.chunks, chunk{r.bytes, r})
	o.size += len(r.bytes)
}

// releaseChunk drops the reference to the bytes of a chunk.
func (o *outbox) releaseChunk(c *chunk) {
	if c.run != nil {
		c.run.release()
	} else {
		o.own -= len(c.bytes)
	}
	*c = chunk{}
}

// add queues immutable bytes: short ones are copied, long ones referred to.
func (o *outbox) add(b []byte) {
	if len(b) <= copyLimit {
		o.setTail(append(o.tail, b...))
		return
	}
	o.addRef(b)
}

// first returns the next bytes to send; rest tells whether more follow behind them.
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
		o.releaseChunk(&o.chunks[o.head])
		o.head++
	}
	if o.head > 64 && o.head > len(o.chunks)/2 {
		n := copy(o.chunks, o.chunks[o.head:])
		clear(o.chunks[n:])
		o.chunks, o.head = o.chunks[:n], 0
	}
}

// cut removes the chunks of which nothing was sent. Each chunk holds whole frames, so the peer still gets whole frames.
func (o *outbox) cut() {
	switch {
	case o.off == 0:
		o.empty()
	case o.head == len(o.chunks):
		o.size = len(o.tail) - o.off
	default:
		o.releaseFrom(o.head + 1)
		o.chunks = o.chunks[:o.head+1]
		o.own -= len(o.tail)
		o.tail = o.tail[:0]
		o.size = len(o.chunks[o.head].bytes) - o.off
	}
}

// empty removes everything and keeps memory of ordinary size for the next use.
func (o *outbox) empty() {
	if len(o.chunks) > 0 {
		o.releaseFrom(o.head)
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

// releaseFrom releases the chunks from index i on.
func (o *outbox) releaseFrom(i int) {
	for ; i < len(o.chunks); i++ {
		o.releaseChunk(&o.chunks[i])
	}
}

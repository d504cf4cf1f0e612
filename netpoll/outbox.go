//go:build !windows

package netpoll

// outbox is what a connection owes its peer, in order: references to shared immutable bytes,
// and runs of small messages that were copied behind one another to leave with one call.
type outbox struct {
	chunks  [][]byte
	head    int    // chunks before it have been sent
	off     int    // bytes of chunks[head] that have been sent
	size    int    // bytes owed
	own     bool   // the last chunk is private: small messages are appended to it
	spare   []byte // an empty private chunk, to be used next
	since   uint32 // tick of the last progress
	counted int    // of size, in the loop's tally
}

const (
	// copyLimit is the size in bytes up to which a message is copied into a private chunk:
	// below it the copy is cheaper than one more element of a writev.
	copyLimit = 1 << 10
	// spareLimit is the largest private chunk that is kept for the next connection.
	spareLimit = 64 << 10
)

// private returns the chunk that bytes may be appended to; what was appended is handed back
// with keep.
func (o *outbox) private() []byte {
	if o.own {
		return o.chunks[len(o.chunks)-1]
	}
	o.chunks = append(o.chunks, o.spare[:0])
	o.spare, o.own = nil, true
	return o.chunks[len(o.chunks)-1]
}

func (o *outbox) keep(chunk []byte) {
	last := len(o.chunks) - 1
	o.size += len(chunk) - len(o.chunks[last])
	o.chunks[last] = chunk
}

// refer queues immutable bytes without a copy.
func (o *outbox) refer(b []byte) {
	o.chunks = append(o.chunks, b)
	o.own = false
	o.size += len(b)
}

// add queues immutable bytes, copying them when that is cheaper than a reference.
func (o *outbox) add(b []byte) {
	if len(b) <= copyLimit {
		o.keep(append(o.private(), b...))
		return
	}
	o.refer(b)
}

// first is the next run of bytes to send; rest tells whether more chunks follow.
func (o *outbox) first() (b []byte, rest bool) {
	return o.chunks[o.head][o.off:], o.head+1 < len(o.chunks)
}

// vector appends up to limit runs of bytes to dst, for writev.
func (o *outbox) vector(dst [][]byte, limit int) [][]byte {
	off := o.off
	for _, c := range o.chunks[o.head:min(len(o.chunks), o.head+limit)] {
		dst = append(dst, c[off:])
		off = 0
	}
	return dst
}

// sent notes that n bytes have left.
func (o *outbox) sent(n int) {
	o.size -= n
	o.off += n
	for o.head < len(o.chunks) && o.off >= len(o.chunks[o.head]) {
		o.off -= len(o.chunks[o.head])
		if !o.own || o.head < len(o.chunks)-1 {
			o.chunks[o.head] = nil
		}
		o.head++
	}
	if o.size == 0 {
		o.reset() // or what is added to the private chunk would stand before head
		return
	}
	if o.head > 64 && o.head > len(o.chunks)/2 {
		n := copy(o.chunks, o.chunks[o.head:])
		clear(o.chunks[n:])
		o.chunks, o.head = o.chunks[:n], 0
	}
}

// reset empties o and keeps a private chunk of ordinary size for the next use.
func (o *outbox) reset() {
	if o.own {
		o.spare = o.chunks[len(o.chunks)-1][:0]
	}
	if cap(o.spare) > spareLimit {
		o.spare = nil
	}
	clear(o.chunks)
	chunks := o.chunks[:0]
	if cap(chunks) > 1<<10 {
		chunks = nil
	}
	*o = outbox{chunks: chunks, spare: o.spare, since: o.since, counted: o.counted}
}

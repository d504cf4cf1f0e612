//go:build !windows

package netpoll

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// cutFrame is like cut, but also drops the frames behind the one that is partly sent, if at most limit bytes of that
// frame are unsent. The memory of the whole run is given back then.
func (o *outbox) cutFrame(limit int) {
	o.cut()
	if o.size == 0 {
		return
	}
	run := o.tail
	if o.head < len(o.chunks) {
		run = o.chunks[o.head].bytes
	}
	if end := frameEnd(run, o.off); end-o.off <= limit {
		rest := slices.Clone(run[o.off:end])
		o.empty()
		o.addRef(rest)
	}
}

// frameEnd returns the end of the frame that has byte at. The run has whole unmasked frames, and may begin with the
// response to an upgrade.
func frameEnd(run []byte, at int) int {
	end := 0
	if bytes.HasPrefix(run, []byte("HTTP/")) {
		end = bytes.Index(run, []byte("\r\n\r\n")) + 4
	}
	for end <= at && end < len(run) {
		end += frameSize(run[end:])
	}
	return min(end, len(run))
}

// frameSize is the size of the unmasked frame that b begins with (RFC 6455, 5.2).
func frameSize(b []byte) int {
	switch n := int(b[1] & 0x7f); n {
	case 126:
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		return 10 + int(binary.BigEndian.Uint64(b[2:]))
	default:
		return 2 + n
	}
}

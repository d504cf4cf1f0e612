//go:build !windows

package netpoll

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/throngd/throng/frame"
)

// The frames of a client are masked (RFC 6455, 5.1).

// newMask returns a masking key. The keys come from the runtime's ChaCha8, seeded by the system, so no payload can be
// chosen that looks like another protocol on the wire (RFC 6455, 5.3, 10.3).
func newMask() (m [4]byte) {
	binary.NativeEndian.PutUint32(m[:], rand.Uint32())
	return m
}

// appendFrame appends a frame as this end sends it.
func (l *Loop) appendFrame(dst []byte, op frame.Op, p []byte) []byte {
	if !l.engine.client {
		return frame.AppendFrame(dst, op, p)
	}
	return frame.AppendMaskedFrame(dst, op, p, newMask())
}

// appendClose appends a close frame as this end sends it.
func (l *Loop) appendClose(dst []byte, code frame.CloseCode, reason string) []byte {
	if !l.engine.client {
		return frame.AppendClose(dst, code, reason)
	}
	return frame.AppendMaskedClose(dst, code, reason, newMask())
}

// SendRaw is advanced. It queues bytes as they are, without a copy if they are long: whole frames that the caller has
// encoded once and sends many times, masked ones on a connection that was dialed (see [frame.AppendMaskedFrame]). They
// must not be changed afterwards, and do not count as messages. After the close it does nothing. RFC 6455, 5.3 requires
// a fresh key for each frame, so this is for tools whose peer is known, such as load generators.
func (c *Conn) SendRaw(b []byte) {
	if c.open() && len(b) > 0 {
		c.loop.queueBytes(c, b)
	}
}

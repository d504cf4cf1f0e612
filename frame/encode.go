package frame

import (
	"slices"

	"github.com/gobwas/ws"
)

// AppendFrame appends one whole unfragmented frame as a server sends it, with the payload p. That of a control frame must
// not be longer than 125 bytes (RFC 6455 section 5.5).
func AppendFrame(dst []byte, op Op, p []byte) []byte {
	dst = slices.Grow(dst, headerSize(len(p))+len(p))
	dst = AppendHeader(dst, op, len(p), false)
	return append(dst, p...)
}

// AppendMaskedFrame appends one whole unfragmented frame as a client sends it, masked with mask, which must be
// unpredictable for each frame (RFC 6455 section 5.3). It does not change p.
func AppendMaskedFrame(dst []byte, op Op, p []byte, mask [4]byte) []byte {
	dst = slices.Grow(dst, headerSize(len(p))+len(mask)+len(p))
	dst = appendHeader(dst, bitFin|byte(op), len(p), bitMask)
	dst = append(dst, mask[:]...)
	at := len(dst)
	dst = append(dst, p...)
	ws.Cipher(dst[at:], mask, 0)
	return dst
}

package frame

import "encoding/binary"

// HeaderRoom is the size in bytes of the longest unmasked header: two bytes and a 64-bit length.
const HeaderRoom = 10

// The bits of the first two header bytes (RFC 6455 section 5.2).
const (
	bitFin  = 0x80
	bitRSV1 = 0x40
	bitRSV  = 0x70
	bitMask = 0x80
	len16   = 126 // a 16-bit length follows
	len64   = 127 // a 64-bit length follows
)

// AppendHeader appends the header of an unfragmented, unmasked frame with n bytes of payload. rsv1 marks a compressed text
// or binary message (RFC 7692 section 6).
func AppendHeader(dst []byte, op Op, n int, rsv1 bool) []byte {
	b0 := bitFin | byte(op)
	if rsv1 {
		b0 |= bitRSV1
	}
	return appendHeader(dst, b0, n, 0)
}

// appendHeader uses the shortest of the three forms of a length, as RFC 6455 section 5.2 requires.
func appendHeader(dst []byte, b0 byte, n int, mask byte) []byte {
	switch {
	case n < len16:
		return append(dst, b0, mask|byte(n))
	case n <= 0xFFFF:
		return append(dst, b0, mask|len16, byte(n>>8), byte(n))
	default:
		dst = append(dst, b0, mask|len64)
		return binary.BigEndian.AppendUint64(dst, uint64(n))
	}
}

// headerSize returns the size of an unmasked header for n bytes of payload: 2, 4 or 10.
func headerSize(n int) int {
	switch {
	case n < len16:
		return 2
	case n <= 0xFFFF:
		return 4
	default:
		return HeaderRoom
	}
}

// PutHeader writes the header of an unfragmented, unmasked frame in front of its payload, which is raw[HeaderRoom:]. It
// returns the whole frame, a subslice of raw. raw must be at least HeaderRoom long.
func PutHeader(raw []byte, op Op) []byte {
	n := len(raw) - HeaderRoom
	f := raw[HeaderRoom-headerSize(n):]
	appendHeader(f[:0], bitFin|byte(op), n, 0)
	return f
}

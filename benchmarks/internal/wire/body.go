package wire

import (
	"bytes"
	"encoding/binary"
)

// Tag begins the body of a message: a marker, then the number of the message in eight letters,
// then filling. It is text, and needs no escapes in JSON.
const (
	marker   = "~throng~"
	tagSize  = 8
	minBody  = len(marker) + tagSize
	nibbles  = 0x0F0F0F0F0F0F0F0F
	letterAs = 0x4141414141414141 // "AAAAAAAA"
)

// Body is a message of at least 16 bytes with number 0.
func Body(size int) []byte {
	b := bytes.Repeat([]byte{'x'}, max(size, minBody))
	copy(b, marker)
	binary.LittleEndian.PutUint64(b[len(marker):], letterAs)
	return b
}

// FindBody looks for a body in a payload and returns where it begins, or -1. hint is where
// the last one began: usually that is it.
func FindBody(p []byte, hint int) int {
	if hint >= 0 && len(p) >= hint+minBody && string(p[hint:hint+len(marker)]) == marker {
		return hint
	}
	if i := bytes.Index(p, []byte(marker)); i >= 0 && len(p) >= i+minBody {
		return i
	}
	return -1
}

// Number reads the number of the body at the start of b.
func Number(b []byte) uint32 {
	x := binary.LittleEndian.Uint64(b[len(marker):]) - letterAs
	x = (x | x>>4) & 0x00FF00FF00FF00FF
	x = (x | x>>8) & 0x0000FFFF0000FFFF
	return uint32(x | x>>16)
}

// letters is the inverse of Number.
func letters(n uint32) uint64 {
	x := uint64(n)
	x = (x | x<<16) & 0x0000FFFF0000FFFF
	x = (x | x<<8) & 0x00FF00FF00FF00FF
	return (x|x<<4)&nibbles + letterAs
}

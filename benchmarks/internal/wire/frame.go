package wire

import "encoding/binary"

// Opcodes of RFC 6455, section 5.2.
const (
	OpText   = 1
	OpBinary = 2
	OpClose  = 8
	OpPing   = 9
	OpPong   = 10
)

// Header is the start of a frame.
type Header struct {
	Op     byte
	Size   int // of the header, mask included
	Length int // of the payload
}

// ParseHeader reads the header at the start of b. Size is 0 if b is too short. It does not validate
// the header: the programs here only talk to each other and to the servers under test.
func ParseHeader(b []byte) (h Header) {
	if len(b) < 2 {
		return h
	}
	h.Op, h.Length = b[0]&15, int(b[1]&127)
	size := 2
	switch {
	case h.Length == 126 && len(b) >= 4:
		size, h.Length = 4, int(binary.BigEndian.Uint16(b[2:]))
	case h.Length == 127 && len(b) >= 10:
		size, h.Length = 10, int(binary.BigEndian.Uint64(b[2:]))
	case h.Length >= 126:
		return h
	}
	if b[1]&128 != 0 {
		size += 4
	}
	if len(b) >= size {
		h.Size = size
	}
	return h
}

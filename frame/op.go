package frame

// Op is the opcode of a frame (RFC 6455 section 5.2).
type Op byte

// The opcodes of RFC 6455. 3-7 and 11-15 are reserved: a Decoder refuses them with 1002.
const (
	OpContinuation Op = 0
	OpText         Op = 1
	OpBinary       Op = 2
	OpClose        Op = 8
	OpPing         Op = 9
	OpPong         Op = 10
)

// Control reports whether a frame with this opcode is a control frame: it has at most 125 bytes of payload, is not
// fragmented, and may stand between the fragments of a message (RFC 6455 section 5.5).
func (o Op) Control() bool { return o&8 != 0 }

// String returns the name in RFC 6455.
func (o Op) String() string {
	switch o {
	case OpContinuation:
		return "continuation"
	case OpText:
		return "text"
	case OpBinary:
		return "binary"
	case OpClose:
		return "close"
	case OpPing:
		return "ping"
	case OpPong:
		return "pong"
	}
	return "reserved"
}

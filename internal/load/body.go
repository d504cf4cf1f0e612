package load

import (
	"bytes"
)

// A message carries who sent it, its number and when it was due, each in hexadecimal digits:
//
//	~throng~ RUN(8) SENDER(8) NUMBER(8) DUE(16) xxxx...
//
// The text needs no escapes in JSON, so that a reader finds it without decoding JSON.
const (
	marker   = "~throng~"
	bodySize = len(marker) + 8 + 8 + 8 + 16
)

// body is the content of a message.
type body struct {
	run, sender, number uint32
	due                 int64 // nanoseconds of the clock
}

const hexDigits = "0123456789abcdef"

func appendHex(dst []byte, v uint64, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, hexDigits[v>>(4*i)&15])
	}
	return dst
}

// append appends the message and its filling.
func (b body) append(dst []byte, filling []byte) []byte {
	dst = append(dst, marker...)
	dst = appendHex(dst, uint64(b.run), 8)
	dst = appendHex(dst, uint64(b.sender), 8)
	dst = appendHex(dst, uint64(b.number), 8)
	dst = appendHex(dst, uint64(b.due), 16)
	return append(dst, filling...)
}

// newFilling returns the bytes that follow the numbers in a message of size bytes.
func newFilling(size int) []byte { return bytes.Repeat([]byte{'x'}, size-bodySize) }

// parseBody reads the message at the start of b. ok is false if append does not produce such a message.
func parseBody(b, filling []byte) (m body, ok bool) {
	if len(b) < bodySize+len(filling) || string(b[:len(marker)]) != marker {
		return m, false
	}
	at := len(marker)
	var bad uint8
	next := func(digits int) (v uint64) {
		for _, c := range b[at : at+digits] {
			d := unhex(c)
			bad |= d
			v = v<<4 | uint64(d&15)
		}
		at += digits
		return v
	}
	m.run, m.sender, m.number, m.due = uint32(next(8)), uint32(next(8)), uint32(next(8)), int64(next(16))
	return m, bad < 16 && bytes.Equal(b[at:at+len(filling)], filling)
}

// unhex returns 16 or more for a byte that is not a digit.
func unhex(c byte) uint8 {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}

package pbwire

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// A message inside another one, and a message in a frame, has its length in front. open and end write one whose length is
// not known beforehand: open leaves one byte for the length, which is enough for most, and end moves the message if it was
// not.

// open begins a message and returns where.
func open(dst []byte) (_ []byte, at int) { return append(dst, 0), len(dst) }

// openField begins a message that is the value of a field.
func openField(dst []byte, field protowire.Number) (_ []byte, at int) {
	return open(protowire.AppendTag(dst, field, protowire.BytesType))
}

// end completes the message that was opened at a position. It may move all that was appended behind it.
func end(dst []byte, at int) []byte {
	n := len(dst) - at - 1
	if extra := protowire.SizeVarint(uint64(n)) - 1; extra > 0 {
		dst = slices.Grow(dst, extra)
		dst = dst[:len(dst)+extra]
		copy(dst[at+1+extra:], dst[at+1:at+1+n])
	}
	protowire.AppendVarint(dst[:at], uint64(n))
	return dst
}

// The functions that append one field leave out the zero value, as proto3 does.

func appendUint(dst []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, field, protowire.VarintType), v)
}

func appendBool(dst []byte, field protowire.Number, v bool) []byte {
	return appendUint(dst, field, protowire.EncodeBool(v))
}

func appendBytes[T string | []byte](dst []byte, field protowire.Number, v T) []byte {
	if len(v) == 0 {
		return dst
	}
	return append(protowire.AppendVarint(protowire.AppendTag(dst, field, protowire.BytesType), uint64(len(v))), v...)
}

// sizeUint and sizeBytes are the sizes of what appendUint and appendBytes append, sizeMessage that of a field with a
// message of n bytes.

func sizeUint(field protowire.Number, v uint64) int {
	if v == 0 {
		return 0
	}
	return protowire.SizeTag(field) + protowire.SizeVarint(v)
}

func sizeBytes(field protowire.Number, n int) int {
	if n == 0 {
		return 0
	}
	return sizeMessage(field, n)
}

func sizeMessage(field protowire.Number, n int) int {
	return protowire.SizeTag(field) + protowire.SizeBytes(n)
}

// appendLength begins the field of a message whose size is known.
func appendLength(dst []byte, field protowire.Number, n int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(dst, field, protowire.BytesType), uint64(n))
}

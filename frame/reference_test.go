package frame

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"unicode/utf8"
)

// reference is a slow decoder that follows the text of RFC 6455 and shares no code with the Decoder. It decodes a prefix of
// a stream from its first byte and returns the messages so far, and the close code if the prefix has a violation.
type reference struct {
	client, deflate bool
	limit, frags    int

	r       result
	started bool
	first   byte   // first byte of the message's first frame
	wire    []byte // unmasked payload of the message
	count   int
}

func (r reference) decode(s []byte) result {
	for len(s) > 0 && r.r.code == 0 {
		n := r.frame(s)
		if n == 0 {
			break
		}
		s = s[n:]
	}
	return r.r
}

// frame decodes one frame of s. It returns 0 if the frame is incomplete or invalid.
func (r *reference) frame(s []byte) int {
	op, isFin := s[0]&15, s[0]&0x80 != 0
	control := op >= 8
	switch {
	case s[0]&0x30 != 0, op > 10, op > 2 && op < 8:
		return r.fail(1002)
	case s[0]&0x40 != 0 && (!r.deflate || op != 1 && op != 2):
		return r.fail(1002)
	case control && !isFin:
		return r.fail(1002)
	case !control && (op == 0) != r.started:
		return r.fail(1002)
	}
	if len(s) < 2 {
		return 0
	}
	if (s[1] >= 128) == r.client || control && s[1]&127 > 125 {
		return r.fail(1002)
	}
	n, at := uint64(s[1]&127), 2
	if n == 126 {
		if len(s) < 4 {
			return 0
		}
		if n, at = uint64(binary.BigEndian.Uint16(s[2:])), 4; n < 126 {
			return r.fail(1002)
		}
	} else if n == 127 {
		if len(s) < 10 {
			return 0
		}
		if n, at = binary.BigEndian.Uint64(s[2:]), 10; n < 65536 || n > 1<<63-1 {
			return r.fail(1002)
		}
	}
	if !control && (n > 1<<40 || len(r.wire)+int(n) > r.limit) {
		return r.fail(1009)
	}
	var key [4]byte
	if !r.client {
		if len(s) < at+4 {
			return 0
		}
		copy(key[:], s[at:])
		at += 4
	}
	if !control {
		if r.count++; op != 0 {
			r.count, r.first = 1, s[0]
		}
		single := r.count == 1 && isFin
		if !single && r.count > r.frags && len(r.wire)+int(n) < 16*r.count {
			return r.fail(1008)
		}
	}
	have := min(len(s)-at, int(n))
	p := make([]byte, have)
	for i := range p {
		p[i] = s[at+i] ^ key[i%4]
	}
	complete := have == int(n)
	if control {
		if !complete {
			return 0
		}
		return r.control(op, p, at)
	}
	return r.data(p, isFin, complete, at)
}

func (r *reference) data(p []byte, isFin, complete bool, at int) int {
	sofar := append(bytes.Clone(r.wire), p...)
	isText, deflated := r.first&15 == 1, r.first&0x40 != 0
	if isText && !deflated && !validPrefix(sofar) {
		return r.fail(1007)
	}
	if !complete {
		return 0
	}
	r.wire, r.started = sofar, !isFin
	if isFin {
		m := sofar
		if deflated {
			var code CloseCode
			if m, code = slowInflate(sofar, r.limit); code != 0 {
				return r.fail(code)
			}
		}
		if isText && !utf8.Valid(m) {
			return r.fail(1007)
		}
		r.r.msgs = append(r.r.msgs, note(Op(r.first&15), m))
		r.wire, r.count = nil, 0
	}
	return at + len(p)
}

func (r *reference) control(op byte, p []byte, at int) int {
	if op == 8 && len(p) > 0 {
		if len(p) == 1 {
			return r.fail(1002)
		}
		code := int(p[0])<<8 | int(p[1])
		legal := map[int]bool{1000: true, 1001: true, 1002: true, 1003: true, 1007: true, 1008: true, 1009: true,
			1010: true, 1011: true, 1012: true, 1013: true, 1014: true}
		if !legal[code] && (code < 3000 || code > 4999) {
			return r.fail(1002)
		}
		if !utf8.Valid(p[2:]) {
			return r.fail(1007)
		}
	}
	r.r.msgs = append(r.r.msgs, note(Op(op), p))
	if op == 8 {
		return 0 // what follows is ignored
	}
	return at + len(p)
}

func (r *reference) fail(code CloseCode) int {
	r.r.code = code
	return 0
}

// validPrefix tells whether any continuation makes p valid. It tries up to three more bytes, the first and last of every
// range in RFC 3629.
func validPrefix(p []byte) bool {
	return completes(bytes.Clone(p), 3)
}

func completes(p []byte, more int) bool {
	if utf8.Valid(p) {
		return true
	}
	if more == 0 {
		return false
	}
	for _, c := range []byte{0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF} {
		if completes(append(p, c), more-1) {
			return true
		}
	}
	return false
}

// slowInflate is RFC 7692 section 7.2.2 with the standard library, without the Decoder's code.
func slowInflate(p []byte, limit int) ([]byte, CloseCode) {
	if len(p) == 0 {
		return nil, 0
	}
	const tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	in := bytes.NewReader(append(bytes.Clone(p), tail...))
	var out []byte
	for range maxStreams {
		dict := out[max(0, len(out)-32768):]
		b, err := io.ReadAll(io.LimitReader(flate.NewReaderDict(in, dict), int64(limit+1-len(out))))
		if out = append(out, b...); len(out) > limit {
			return nil, 1009
		}
		if err != nil {
			return nil, 1007
		}
		if in.Len() == 0 || in.Len() == len(tail) {
			return out, 0
		}
	}
	return nil, 1007
}

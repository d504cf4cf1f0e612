package jsonwire

import (
	"bytes"
	"math"
	"strconv"

	"github.com/throngd/throng/internal/protocol"
)

// Limits of one command. The JSON of real programs stays far below them.
const (
	MaxDepth  = 128  // nesting of objects and arrays in one command
	maxNumber = 1024 // characters of one number
)

// field is a member of the command object: its key with quotes, and its value. Offsets take half the memory of slices and
// contain no pointers.
type field struct{ key, value span }

// span is a part of the scanned bytes.
type span struct{ from, to int32 }

func (p span) of(b []byte) []byte { return b[p.from:p.to] }

// scanner validates one JSON value in one pass: the grammar of RFC 8259, and the rules in the package comment. It collects
// the members of the outermost object as fields.
type scanner struct {
	b       []byte
	i       int
	depth   int
	refused *protocol.Error // the first broken rule; nil: none
	keys    []span          // of the open objects, innermost last
	fields  []field
}

// refuse records a broken rule; the first one counts.
func (s *scanner) refuse(e *protocol.Error) {
	if s.refused == nil {
		s.refused = e
	}
}

// object scans an object from '{' to '}'. Like all methods that scan, it returns false if the bytes are not JSON.
func (s *scanner) object() bool {
	s.i++
	s.depth++
	first := len(s.keys)
	if s.space(); s.take('}') {
		s.depth--
		return true
	}
	for {
		if !s.member() {
			return false
		}
		if s.space(); s.take('}') {
			if duplicates(s.b, s.keys[first:]) {
				s.refuse(protocol.ErrDuplicateKey)
			}
			s.keys = s.keys[:first]
			s.depth--
			return true
		}
		if !s.take(',') {
			return false
		}
		s.space()
	}
}

// member scans a key, a colon and a value.
func (s *scanner) member() bool {
	from := s.i
	if s.i >= len(s.b) || s.b[s.i] != '"' || !s.str() {
		return false
	}
	key := span{int32(from), int32(s.i)}
	s.keys = append(s.keys, key)
	if s.space(); !s.take(':') {
		return false
	}
	s.space()
	from = s.i
	if !s.value() {
		return false
	}
	if s.depth == 1 {
		s.fields = append(s.fields, field{key, span{int32(from), int32(s.i)}})
	}
	return true
}

// array scans an array from '[' to ']'.
func (s *scanner) array() bool {
	s.i++
	s.depth++
	if s.space(); s.take(']') {
		s.depth--
		return true
	}
	for {
		if s.space(); !s.value() {
			return false
		}
		if s.space(); s.take(']') {
			s.depth--
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// value scans the value that begins at s.i.
func (s *scanner) value() bool {
	if s.i >= len(s.b) {
		return false
	}
	switch c := s.b[s.i]; {
	case c == '"':
		return s.str()
	case c == '{' || c == '[':
		return s.nested(c)
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

// nested scans an object or an array. One that is nested deeper than MaxDepth is refused and skipped to its end, so that
// an id behind it can still be answered.
func (s *scanner) nested(c byte) (ok bool) {
	if s.depth == MaxDepth {
		s.refuse(protocol.ErrTooDeep)
		return s.skip()
	}
	if c == '{' {
		return s.object()
	}
	return s.array()
}

// skip moves past the bracket that closes the one at s.i, of either kind, without recursion.
func (s *scanner) skip() bool {
	for open := 0; s.i < len(s.b); {
		switch s.b[s.i] {
		case '"':
			if !s.str() {
				return false
			}
			continue
		case '{', '[':
			open++
		case '}', ']':
			open--
		}
		s.i++
		if open == 0 {
			return true
		}
	}
	return false
}

// space skips white space (RFC 8259 section 2).
func (s *scanner) space() {
	for s.i < len(s.b) && isSpace(s.b[s.i]) {
		s.i++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func (s *scanner) take(c byte) bool {
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

func (s *scanner) word(w string) bool {
	if !bytes.HasPrefix(s.b[s.i:], []byte(w)) {
		return false
	}
	s.i += len(w)
	return true
}

// number scans a number (RFC 8259 section 6) and refuses one that is too long or exceeds a float64.
func (s *scanner) number() bool {
	from := s.i
	s.take('-')
	if !s.take('0') && !s.digits() {
		return false
	}
	if s.take('.') && !s.digits() {
		return false
	}
	exp := s.take('e') || s.take('E')
	if exp {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return false
		}
	}
	switch n := s.i - from; {
	case n > maxNumber:
		s.refuse(protocol.ErrLongNumber)
	case (exp || n > 300) && infinite(s.b[from:s.i]):
		s.refuse(protocol.ErrInfiniteNumber)
	}
	return true
}

// digits scans one or more digits. The caller checks for a leading zero.
func (s *scanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 {
		s.i++
	}
	return s.i > from
}

// infinite reports whether a number exceeds a float64, as 1e999 does.
func infinite(b []byte) bool {
	f, _ := strconv.ParseFloat(string(b), 64)
	return math.IsInf(f, 0)
}

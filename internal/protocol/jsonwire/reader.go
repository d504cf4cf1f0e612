package jsonwire

import (
	"io"
	"unicode/utf8"

	"github.com/mailru/easyjson/jlexer"

	"github.com/throngd/throng/internal/protocol"
)

// Reader reads the commands of text frames, in order. It borrows the frame and keeps its scratch from frame to frame: one
// Reader serves a whole event loop. The zero value is an empty frame. It is not safe for concurrent use.
type Reader struct {
	scan scanner
	lex  jlexer.Lexer
}

// NewReader returns a Reader over the payload of one text frame.
func NewReader(frame []byte) *Reader {
	r := &Reader{}
	r.Reset(frame)
	return r
}

// Reset begins the payload of another frame.
func (r *Reader) Reset(frame []byte) {
	keys, fields := r.scan.keys, r.scan.fields
	if cap(keys)+cap(fields) > 8192 {
		keys, fields = nil, nil // the scratch of an unusually large frame is not kept
	}
	r.scan = scanner{b: frame, keys: keys, fields: fields}
}

// Next returns the next command. The error is one of three:
//   - io.EOF at the end of the frame;
//   - [protocol.ErrMalformed] when the rest of the frame is not a JSON object on a line of its own, or when a command
//     lacks an id that it needs: nothing after it can be trusted;
//   - a [*protocol.Error] with the code of [protocol.ErrBadRequest] when the JSON breaks a rule. Command.ID is the command
//     to answer, and the next call goes on with the next line.
func (r *Reader) Next() (protocol.Command, error) {
	s := &r.scan
	s.b, s.i = s.b[s.i:], 0
	s.depth, s.refused, s.keys, s.fields = 0, nil, s.keys[:0], s.fields[:0]
	if s.space(); s.i == len(s.b) {
		return protocol.Command{}, io.EOF
	}
	from := s.i
	if s.b[s.i] != '{' || !s.object() || !s.lineEnds() || !utf8.Valid(s.b[from:s.i]) {
		return protocol.Command{}, protocol.ErrMalformed
	}
	return s.command()
}

// Check checks a JSON value by the rules for commands. The error is a [*protocol.Error] with the code of
// [protocol.ErrBadRequest].
func Check(b []byte) error {
	s := scanner{b: b}
	if s.space(); !s.value() {
		return protocol.ErrNotJSON
	}
	if s.space(); s.i != len(b) || !utf8.Valid(b) {
		return protocol.ErrNotJSON
	}
	if s.refused != nil {
		return s.refused
	}
	return nil
}

// lineEnds reports whether only white space follows the value on its line, and skips it.
func (s *scanner) lineEnds() bool {
	for i, c := range s.b[s.i:] {
		if c == '\n' {
			s.i += i + 1
			return true
		}
		if !isSpace(c) {
			return false
		}
	}
	return true
}

// command builds the command from the collected fields. It aliases the frame.
func (s *scanner) command() (c protocol.Command, err error) {
	methods, unknown := 0, 0
	for _, f := range s.fields {
		key, value := f.key.of(s.b), f.value.of(s.b)
		m := methodOf(key[1 : len(key)-1])
		switch {
		case string(key) == `"id"`:
			if c.ID, err = parseID(value); err != nil {
				return protocol.Command{}, err
			}
		case m == protocol.MethodUnknown:
			unknown++
		case string(value) != "null": // a null field counts as absent
			c.Method, c.Params = m, value
			methods++
		}
	}
	if methods == 0 && (c.ID != 0 || unknown > 0) {
		c.Method = protocol.MethodUnknown
	}
	return c, s.judge(c, methods)
}

// judge returns the error of a command, nil if it breaks no rule.
func (s *scanner) judge(c protocol.Command, methods int) error {
	if methods > 1 {
		s.refuse(protocol.ErrTwoMethods)
	}
	switch {
	case c.ID == 0 && (s.refused != nil || c.Method.NeedsID()):
		return protocol.ErrMalformed // there is no id to answer
	case s.refused != nil:
		return s.refused
	}
	return nil
}

// parseID parses the id, an unsigned 32-bit number.
func parseID(b []byte) (id uint32, err error) {
	if len(b) == 0 || len(b) > 10 {
		return 0, protocol.ErrMalformed
	}
	n := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, protocol.ErrMalformed
		}
		n = n*10 + uint64(c-'0')
	}
	if n > 1<<32-1 {
		return 0, protocol.ErrMalformed
	}
	return uint32(n), nil
}

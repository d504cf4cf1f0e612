package protocol

import (
	"errors"
	"io"
	"unicode/utf8"

	"github.com/mailru/easyjson"
	"github.com/mailru/easyjson/jlexer"
)

// ErrMalformed is the error of [Reader.Next] for bytes that are no commands at all. Nothing behind them in the frame
// is read: the connection ends with [DisconnectBadRequest].
var ErrMalformed = errors.New("malformed command")

// Command is one line of a frame. Params is a part of the frame.
type Command struct {
	ID     uint32
	Method Method
	Params Raw
}

// Reader takes the commands out of text frames, in order. It borrows the frame, and keeps what it needs for its work:
// one Reader serves a whole loop. The zero value is an empty frame. Not safe for concurrent use.
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

// Reset begins with another frame.
func (r *Reader) Reset(frame []byte) {
	keys, fields := r.scan.keys, r.scan.fields
	if cap(keys)+cap(fields) > 8192 {
		keys, fields = nil, nil // one absurd frame must not cost memory for ever
	}
	r.scan = scanner{b: frame, keys: keys, fields: fields}
}

// Decode fills a request of this package from the parameters of a command. An error means a field of the wrong type:
// answer [ErrFieldType].
func (r *Reader) Decode(c Command, req easyjson.Unmarshaler) error {
	r.lex = jlexer.Lexer{Data: c.Params}
	req.UnmarshalEasyJSON(&r.lex)
	r.lex.Consumed()
	return r.lex.Error()
}

// Publish decodes the parameters of a publish: Decode without the interface, so that only the strings are allocated.
func (r *Reader) Publish(c Command, req *PublishRequest) error {
	r.lex = jlexer.Lexer{Data: c.Params}
	req.UnmarshalEasyJSON(&r.lex)
	r.lex.Consumed()
	return r.lex.Error()
}

// Next returns the next command. Its error is io.EOF at the end of the frame; [ErrMalformed] when the rest is no
// JSON object, or a command without the id it needs; an [*Error] that [errors.Is] takes for [ErrBadRequest] when the
// JSON is refused and Command.ID says whom to answer, after which Next goes on with the next line.
func (r *Reader) Next() (Command, error) {
	s := &r.scan
	s.b, s.i = s.b[s.i:], 0
	s.depth, s.refused, s.keys, s.fields = 0, nil, s.keys[:0], s.fields[:0]
	if s.space(); s.i == len(s.b) {
		return Command{}, io.EOF
	}
	from := s.i
	if s.b[s.i] != '{' || !s.object() || !s.lineEnds() || !utf8.Valid(s.b[from:s.i]) {
		return Command{}, ErrMalformed
	}
	return s.command()
}

// lineEnds tells whether nothing but spaces stands between the value and the end of its line.
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

// command makes the command of the collected fields, which it borrows.
func (s *scanner) command() (c Command, err error) {
	methods, unknown := 0, 0
	for _, f := range s.fields {
		key, value := f.key.of(s.b), f.value.of(s.b)
		m := methodOf(key[1 : len(key)-1])
		switch {
		case string(key) == `"id"`:
			if c.ID, err = parseID(value); err != nil {
				return Command{}, err
			}
		case m == MethodUnknown:
			unknown++
		case string(value) != "null": // a null field is one that was left out
			c.Method, c.Params = m, value
			methods++
		}
	}
	if methods == 0 && (c.ID != 0 || unknown > 0) {
		c.Method = MethodUnknown
	}
	return c, s.judge(c, methods)
}

// judge says what is wrong with a command as a whole.
func (s *scanner) judge(c Command, methods int) error {
	if methods > 1 {
		s.refuse(ErrTwoMethods)
	}
	switch {
	case c.ID == 0 && (s.refused != nil || c.Method.NeedsID()):
		return ErrMalformed // there is nobody to answer
	case s.refused != nil:
		return s.refused
	}
	return nil
}

// parseID reads the id, an unsigned number of 32 bits.
func parseID(b []byte) (id uint32, err error) {
	if len(b) == 0 || len(b) > 10 {
		return 0, ErrMalformed
	}
	n := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, ErrMalformed
		}
		n = n*10 + uint64(c-'0')
	}
	if n > 1<<32-1 {
		return 0, ErrMalformed
	}
	return uint32(n), nil
}

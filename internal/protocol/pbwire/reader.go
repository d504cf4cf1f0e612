package pbwire

import (
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/throngd/throng/internal/protocol"
)

// Reader reads the commands of binary frames, in order. It borrows the frame. The zero value is an empty frame. It is not
// safe for concurrent use.
type Reader struct{ rest []byte }

// NewReader returns a Reader over the payload of one binary frame.
func NewReader(frame []byte) *Reader { return &Reader{frame} }

// Reset begins the payload of another frame.
func (r *Reader) Reset(frame []byte) { r.rest = frame }

// Next returns the next command. The error is one of three:
//   - io.EOF at the end of the frame;
//   - [protocol.ErrMalformed] when the rest of the frame is not a message of the length in front of it, or when a command
//     lacks an id that it needs: nothing after it can be trusted;
//   - a [*protocol.Error] with the code of [protocol.ErrBadRequest] when the message breaks a rule. Command.ID is the command
//     to answer, and the next call goes on with the next message.
func (r *Reader) Next() (protocol.Command, error) {
	if len(r.rest) == 0 {
		return protocol.Command{}, io.EOF
	}
	message, n := protowire.ConsumeBytes(r.rest)
	if n < 0 {
		r.rest = nil
		return protocol.Command{}, protocol.ErrMalformed
	}
	r.rest = r.rest[n:]
	return command(message)
}

// The field numbers of Command: the id, and the requests in the order of protocol.Method.
const (
	fieldID     protowire.Number = 1
	fieldMethod protowire.Number = 4 // of connect
)

// methodOf returns the method of a field of Command, protocol.MethodUnknown if it is none.
func methodOf(field protowire.Number) protocol.Method {
	m := protocol.MethodConnect + protocol.Method(field-fieldMethod)
	if field < fieldMethod || m > protocol.MethodSubRefresh {
		return protocol.MethodUnknown
	}
	return m
}

// command reads the fields of one Command. It aliases the message.
func command(b []byte) (c protocol.Command, err error) {
	methods, unknown := 0, 0
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 || kind == protowire.StartGroupType || kind == protowire.EndGroupType { // proto3 has no groups
			return protocol.Command{}, protocol.ErrMalformed
		}
		b = b[n:]
		value := b
		if n = protowire.ConsumeFieldValue(field, kind, b); n < 0 {
			return protocol.Command{}, protocol.ErrMalformed
		}
		value, b = b[:n], b[n:]
		switch m := methodOf(field); {
		case field == fieldID && kind == protowire.VarintType:
			id, _ := protowire.ConsumeVarint(value)
			if id > math.MaxUint32 {
				return protocol.Command{}, protocol.ErrMalformed
			}
			c.ID = uint32(id)
		case m == protocol.MethodUnknown || kind != protowire.BytesType:
			unknown++
		default:
			c.Method = m
			c.Params, _ = protowire.ConsumeBytes(value)
			methods++
		}
	}
	if methods == 0 && (c.ID != 0 || unknown > 0) {
		c.Method = protocol.MethodUnknown
	}
	switch {
	case c.ID == 0 && (methods > 1 || c.Method.NeedsID()):
		return protocol.Command{}, protocol.ErrMalformed // there is no id to answer
	case methods > 1:
		return c, protocol.ErrTwoMethods
	}
	return c, nil
}

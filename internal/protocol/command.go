package protocol

import "errors"

// ErrMalformed is the error for bytes that are not a command. The rest of the frame is not read: the connection is
// closed with [DisconnectBadRequest].
var ErrMalformed = errors.New("malformed command")

// Command is one command of a frame. Params is its request, still encoded; it aliases the frame.
type Command struct {
	ID     uint32 // 0: a command that is not answered
	Method Method
	Params []byte
}

package room

import "errors"

// Error is an error that a command is answered with. Code is an error code of the
// Centrifuge client protocol, so a server of that protocol can send it as it is.
// Temporary: the same command may succeed later.
type Error struct {
	Code      uint32
	Message   string
	Temporary bool
}

func (e *Error) Error() string { return "room: " + e.Message }

// The errors of Submit and of Answer.Err.
var (
	// ErrTemporary: the log did not answer in time or could not be reached. Whether
	// a publish was stored is unknown.
	ErrTemporary = &Error{Code: 100, Message: "the log did not answer", Temporary: true}
	// ErrAlreadyJoined: the connection is a member, or its join is under way.
	ErrAlreadyJoined = &Error{Code: 105, Message: "already joined"}
	// ErrLimit: a bound of Config would be exceeded by the rooms of the process or
	// the members of a room. Temporary, since both change.
	ErrLimit = &Error{Code: 106, Message: "limit exceeded", Temporary: true}
	// ErrInvalid: the command has an unknown Op, no Options, no Conn or Info, or a
	// Loop that does not exist.
	ErrInvalid = &Error{Code: 107, Message: "bad request"}
	// ErrNotMember: a Leave of a connection that is not in the room. Harmless.
	ErrNotMember = &Error{Code: 108, Message: "not a member"}
	// ErrLeft answers a Join that still waited for the log when its connection left
	// again. Temporary: the connection may join again at once, and an SDK that has
	// not sent a second join because of the first does.
	ErrLeft = &Error{Code: 111, Message: "left before the join was complete", Temporary: true}
	// ErrUnavailable: the room's Options do not include the operation.
	ErrUnavailable = &Error{Code: 108, Message: "not available"}
	// ErrClosed: the hub is closing. Temporary: another process may take over.
	ErrClosed = &Error{Code: 111, Message: "closed", Temporary: true}
	// ErrBusy: the shard's mailbox, its table of commands in flight, or a loop with
	// members of the room is full.
	ErrBusy = &Error{Code: 111, Message: "too many requests", Temporary: true}
	// ErrRate: Config.MayOpen refused a new room.
	ErrRate = &Error{Code: 111, Message: "too many requests", Temporary: true}
	// ErrUnrecoverable: the position is of another epoch, or messages after it were
	// evicted.
	ErrUnrecoverable = &Error{Code: 112, Message: "unrecoverable position"}
	// ErrInsufficient is the error of an Insufficient event: messages were lost on
	// the way from the log. Its code is an unsubscribe code of the protocol.
	ErrInsufficient = &Error{Code: 2500, Message: "insufficient state", Temporary: true}
)

// asError returns an error of a log if it is an *Error, and ErrTemporary for any
// other.
func asError(err error) error {
	if err == nil {
		return nil // the hot path, without e, which escapes
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrTemporary
}

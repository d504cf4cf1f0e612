package room

import "errors"

// Error is what a command can be answered with. Code is the error code of the
// client protocol (notes/protocol.md, Errors), so that the edge sends it on as
// it is; Temporary tells the client that the same command may work later.
type Error struct {
	Code      uint32
	Message   string
	Temporary bool
}

func (e *Error) Error() string { return "room: " + e.Message }

// The errors of Submit and of Answer.Err.
var (
	// ErrTemporary: the log did not answer in time or could not be reached. It
	// is unknown whether a publish was stored; it is not acknowledged.
	ErrTemporary = &Error{Code: 100, Message: "the log did not answer", Temporary: true}
	// ErrAlreadyJoined: this connection is a member already, or is joining.
	ErrAlreadyJoined = &Error{Code: 105, Message: "already joined"}
	// ErrLimit: a bound of Config would be exceeded, by the rooms of the process
	// or the members of a room. Temporary: both are other people's doing.
	ErrLimit = &Error{Code: 106, Message: "limit exceeded", Temporary: true}
	// ErrInvalid: Submit was given a command that is none: an unknown Op, no
	// Options, no Conn or Info, or a Loop that does not exist.
	ErrInvalid = &Error{Code: 107, Message: "bad request"}
	// ErrNotMember: a Leave of somebody who is not in the room. Harmless.
	ErrNotMember = &Error{Code: 108, Message: "not a member"}
	// ErrLeft answers a Join that was still waiting for the log when its
	// connection left again. Temporary: the connection may join again at once,
	// and an SDK that has not sent that yet, because of the join under way, does.
	ErrLeft = &Error{Code: 111, Message: "left before the join was complete", Temporary: true}
	// ErrUnavailable: the room's options do not have what was asked for.
	ErrUnavailable = &Error{Code: 108, Message: "not available"}
	// ErrClosed: the hub is closing. Temporary: another one takes its place.
	ErrClosed = &Error{Code: 111, Message: "closed", Temporary: true}
	// ErrBusy: the shard's mailbox, its in-flight table or a loop with members
	// of the room is full.
	ErrBusy = &Error{Code: 111, Message: "too many requests", Temporary: true}
	// ErrRate: Config.MayOpen says that the connection makes rooms too fast.
	ErrRate = &Error{Code: 111, Message: "too many requests", Temporary: true}
	// ErrUnrecoverable: the position is of another epoch, or no longer covered.
	ErrUnrecoverable = &Error{Code: 112, Message: "unrecoverable position"}
	// ErrInsufficient is in the answer of an Insufficient event: messages were
	// lost on the way from the log. The code is an unsubscribe code.
	ErrInsufficient = &Error{Code: 2500, Message: "insufficient state", Temporary: true}
)

// asError makes what a log returned fit for a client: an *Error as it is,
// anything else is ErrTemporary.
func asError(err error) error {
	if err == nil {
		return nil // the hot path: e below escapes
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrTemporary
}

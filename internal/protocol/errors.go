package protocol

// Error is the error reply to a command. Codes and messages are those of the Centrifuge protocol. Codes from 400 to 1999
// belong to applications.
type Error struct {
	Code      uint32
	Message   string
	Temporary bool // the SDK may repeat the command
}

// Is compares codes alone: errors with the same code may have different messages. [errors.Is] calls it.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Error returns Message.
func (e *Error) Error() string { return e.Message }

// The error codes of the protocol.
var (
	ErrInternal            = &Error{100, "internal server error", true}
	ErrUnauthorized        = &Error{101, "unauthorized", false}
	ErrUnknownChannel      = &Error{102, "unknown channel", false}
	ErrPermissionDenied    = &Error{103, "permission denied", false}
	ErrMethodNotFound      = &Error{104, "method not found", false}
	ErrAlreadySubscribed   = &Error{105, "already subscribed", false}
	ErrLimitExceeded       = &Error{106, "limit exceeded", false}
	ErrBadRequest          = &Error{107, "bad request", false}
	ErrNotAvailable        = &Error{108, "not available", false}
	ErrTokenExpired        = &Error{109, "token expired", false}
	ErrExpired             = &Error{110, "expired", false}
	ErrTooManyRequests     = &Error{111, "too many requests", true}
	ErrUnrecoverable       = &Error{112, "unrecoverable position", false}
	ErrConcurrentPaginated = &Error{113, "concurrent pagination", true}
)

// Errors returns every error of the protocol in ascending order of code, for documentation and tests.
func Errors() []*Error {
	return []*Error{
		ErrInternal, ErrUnauthorized, ErrUnknownChannel, ErrPermissionDenied, ErrMethodNotFound,
		ErrAlreadySubscribed, ErrLimitExceeded, ErrBadRequest, ErrNotAvailable, ErrTokenExpired, ErrExpired,
		ErrTooManyRequests, ErrUnrecoverable, ErrConcurrentPaginated,
	}
}

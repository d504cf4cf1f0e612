package protocol

// The bad requests: each has the code of [ErrBadRequest], 107, which the SDKs evaluate, and a message that names the
// broken rule.
var (
	ErrFieldType      = badRequest("a field of the wrong type")
	ErrNoChannel      = badRequest("no channel")
	ErrLongChannel    = badRequest("a channel with a name that is too long")
	ErrNoData         = badRequest("no data")
	ErrNotJSON        = badRequest("data that is not JSON")
	ErrLongKey        = badRequest("an idempotency_key of more than 255 bytes")
	ErrNoToken        = badRequest("no token")
	ErrTwoMethods     = badRequest("two methods in one command")
	ErrDuplicateKey   = badRequest("two equal keys in one object")
	ErrSurrogate      = badRequest("half a surrogate pair in a string")
	ErrNUL            = badRequest("\\u0000 in a string")
	ErrInfiniteNumber = badRequest("a number that no float64 can hold")
	ErrLongNumber     = badRequest("a number of more than 1024 characters")
	ErrTooDeep        = badRequest("nesting deeper than 128")
)

// BadRequests returns the errors with code 107 that name a rule, for documentation and tests.
func BadRequests() []*Error {
	return []*Error{
		ErrFieldType, ErrNoChannel, ErrLongChannel, ErrNoData, ErrNotJSON, ErrLongKey, ErrNoToken, ErrTwoMethods, ErrDuplicateKey,
		ErrSurrogate, ErrNUL, ErrInfiniteNumber, ErrLongNumber, ErrTooDeep,
	}
}

func badRequest(rule string) *Error {
	return &Error{Code: ErrBadRequest.Code, Message: ErrBadRequest.Message + ": " + rule}
}

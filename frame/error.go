package frame

import "strconv"

// Error is a violation that ends the connection (RFC 6455 section 7.1.7). The close frame to send is
// AppendClose(dst, e.Code, e.Reason). Every error of Decoder.Next is an *Error.
type Error struct {
	Code   CloseCode
	Reason string // short, lower case, ASCII
}

func (e *Error) Error() string {
	return "frame: " + e.Reason + " (close " + strconv.Itoa(int(e.Code)) + ")"
}

// The errors of a Decoder. They are shared, so a hostile frame causes no allocation.
var (
	errReservedOp    = &Error{CloseProtocol, "reserved opcode"}
	errReservedBit   = &Error{CloseProtocol, "reserved bit set"}
	errControlFin    = &Error{CloseProtocol, "fragmented control frame"}
	errControlSize   = &Error{CloseProtocol, "control frame too long"}
	errNoStart       = &Error{CloseProtocol, "continuation without a start"}
	errInterleaved   = &Error{CloseProtocol, "new message inside a fragmented one"}
	errUnmasked      = &Error{CloseProtocol, "unmasked client frame"}
	errMasked        = &Error{CloseProtocol, "masked server frame"}
	errLength        = &Error{CloseProtocol, "length not minimal"}
	errLengthTop     = &Error{CloseProtocol, "length out of range"}
	errCloseBody     = &Error{CloseProtocol, "close body of one byte"}
	errCloseCode     = &Error{CloseProtocol, "invalid close code"}
	errCloseReason   = &Error{CloseInvalidData, "close reason is not utf-8"}
	errText          = &Error{CloseInvalidData, "text is not utf-8"}
	errInflate       = &Error{CloseInvalidData, "invalid deflate data"}
	errTooBig        = &Error{CloseTooBig, "message too big"}
	errManyFragments = &Error{ClosePolicy, "too many small fragments"}
)

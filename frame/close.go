package frame

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// CloseCode is the status code of a close frame (RFC 6455 section 7.4 and the IANA registry).
type CloseCode uint16

// Registered codes. CloseNoStatus and CloseAbnormal never travel: they say that none did.
const (
	CloseNormal           CloseCode = 1000
	CloseGoingAway        CloseCode = 1001
	CloseProtocol         CloseCode = 1002
	CloseUnsupported      CloseCode = 1003
	CloseNoStatus         CloseCode = 1005
	CloseAbnormal         CloseCode = 1006
	CloseInvalidData      CloseCode = 1007
	ClosePolicy           CloseCode = 1008
	CloseTooBig           CloseCode = 1009
	CloseMissingExtension CloseCode = 1010
	CloseInternal         CloseCode = 1011
	CloseRestart          CloseCode = 1012
	CloseTryLater         CloseCode = 1013
)

// Sendable reports whether the code may stand in a close frame: 1000-1003, 1007-1014 (registered), 3000-3999
// (libraries) and 4000-4999 (applications). ws.CheckCloseFrameData is not used: it refuses 1012-1014 and
// accepts 5000 and above.
func (c CloseCode) Sendable() bool {
	return c >= 1000 && c <= 1003 || c >= 1007 && c <= 1014 || c >= 3000 && c <= 4999
}

const (
	maxControl = 125            // payload bytes of a control frame, RFC 6455 section 5.5
	maxReason  = maxControl - 2 // what the code leaves of it
)

// ParseClose splits the payload of a close frame, as a Decoder delivered it, into code and reason. An empty
// payload is CloseNoStatus (RFC 6455 section 7.1.5).
func ParseClose(p []byte) (CloseCode, string) {
	if len(p) < 2 {
		return CloseNoStatus, ""
	}
	return CloseCode(binary.BigEndian.Uint16(p)), string(p[2:])
}

// AppendClose appends a server's close frame to dst. The reason is cut at 123 bytes on a rune boundary, and
// bytes in it that are not UTF-8 become U+FFFD. A code that may not travel, CloseNoStatus among them, gives
// an empty body.
func AppendClose(dst []byte, code CloseCode, reason string) []byte {
	if !code.Sendable() {
		return AppendHeader(dst, OpClose, 0, false)
	}
	reason = cutReason(reason)
	dst = AppendHeader(dst, OpClose, 2+len(reason), false)
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason...)
}

func cutReason(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	if len(s) <= maxReason {
		return s
	}
	n := maxReason
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// checkClose judges a received close payload (RFC 6455 sections 5.5.1 and 7.4).
func checkClose(p []byte) *Error {
	if len(p) == 0 {
		return nil
	}
	if len(p) == 1 {
		return errCloseBody
	}
	if !CloseCode(binary.BigEndian.Uint16(p)).Sendable() {
		return errCloseCode
	}
	if !utf8.Valid(p[2:]) {
		return errCloseReason
	}
	return nil
}

package frame

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// CloseCode is the status code of a close frame (RFC 6455 section 7.4 and the IANA registry).
type CloseCode uint16

// Registered codes. CloseNoStatus and CloseAbnormal are never sent: they stand for a close without a code and for a
// connection that ended without a close frame (RFC 6455 sections 7.1.5 and 7.4.1).
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

// Sendable reports whether a close frame may have the code: 1000-1003 and 1007-1014 (registered), 3000-3999 (libraries),
// 4000-4999 (applications).
func (c CloseCode) Sendable() bool {
	// ws.CheckCloseFrameData refuses 1012 to 1014 and accepts 5000 and above.
	return c >= 1000 && c <= 1003 || c >= 1007 && c <= 1014 || c >= 3000 && c <= 4999
}

const (
	maxControl = 125            // payload bytes of a control frame, RFC 6455 section 5.5
	maxReason  = maxControl - 2 // bytes of a reason, behind the code
)

// ParseClose returns the code and the reason of a close frame's payload, as a Decoder returns it. An empty payload has
// CloseNoStatus (RFC 6455 section 7.1.5).
func ParseClose(p []byte) (CloseCode, string) {
	if len(p) < 2 {
		return CloseNoStatus, ""
	}
	return CloseCode(binary.BigEndian.Uint16(p)), string(p[2:])
}

// AppendClose appends a close frame as a server sends it. A reason above 123 bytes is cut before a code point, and bytes
// in it that are not UTF-8 become U+FFFD. With a code that is not Sendable, as CloseNoStatus, the payload is empty.
func AppendClose(dst []byte, code CloseCode, reason string) []byte {
	var p [maxControl]byte
	return AppendFrame(dst, OpClose, appendClosePayload(p[:0], code, reason))
}

// AppendMaskedClose appends the frame of AppendClose as a client sends it, see [AppendMaskedFrame].
func AppendMaskedClose(dst []byte, code CloseCode, reason string, mask [4]byte) []byte {
	var p [maxControl]byte
	return AppendMaskedFrame(dst, OpClose, appendClosePayload(p[:0], code, reason), mask)
}

func appendClosePayload(dst []byte, code CloseCode, reason string) []byte {
	if !code.Sendable() {
		return dst
	}
	return append(binary.BigEndian.AppendUint16(dst, uint16(code)), cutReason(reason)...)
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

// checkClose checks the payload of a received close frame (RFC 6455 sections 5.5.1 and 7.4).
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

package upgrade

import (
	"bytes"
	"encoding/base64"
	"net/http"
)

// facts is what the scan knows about the request so far.
type facts uint16

const (
	seenOtherMethod facts = 1 << iota // not GET
	seenHTTP10
	seenHost
	seenOrigin
	seenKey
	seenVersion
	seenBody      // Transfer-Encoding, or a Content-Length that is not 0
	seenWebSocket // Upgrade: websocket or any Sec-WebSocket-* field
	inUpgrade     // the current field is Upgrade
	inKey         // the current field is Sec-WebSocket-Key
	inLength      // the current field is Content-Length

	inChecked = inUpgrade | inKey | inLength // the value of the current field is checked when it is complete
)

// fieldBegins records the field with this name and rejects a second one where only one is allowed.
func (s *scanner) fieldBegins(name []byte) *Reject {
	switch {
	case equalFold(name, "host"): // RFC 9112, section 3.2
		return s.once(seenHost, "two Host headers")
	case equalFold(name, "origin"): // RFC 6454, section 7.3
		return s.once(seenOrigin, "two Origin headers")
	case equalFold(name, "upgrade"):
		s.seen |= inUpgrade
	case equalFold(name, "content-length"):
		s.seen |= inLength
	case equalFold(name, "transfer-encoding"):
		s.seen |= seenBody
		return s.verifyWebSocket()
	case len(name) > 14 && equalFold(name[:14], "sec-websocket-"):
		s.seen |= seenWebSocket
		return s.webSocketField(name[14:])
	}
	return nil
}

// webSocketField checks a Sec-WebSocket-* field by the rest of its name. Key and Version must not appear twice
// (RFC 6455, sections 11.3.1 and 11.3.5).
func (s *scanner) webSocketField(name []byte) *Reject {
	if r := s.verifyWebSocket(); r != nil {
		return r
	}
	switch {
	case equalFold(name, "key"):
		s.seen |= inKey
		return s.once(seenKey, "two Sec-WebSocket-Key headers")
	case equalFold(name, "version"):
		return s.once(seenVersion, "two Sec-WebSocket-Version headers")
	}
	return nil
}

func (s *scanner) once(f facts, otherwise string) *Reject {
	if s.seen&f != 0 {
		return BadRequest(otherwise)
	}
	s.seen |= f
	return nil
}

// fieldEnds checks the complete value of the current field, which is one of inChecked.
func (s *scanner) fieldEnds() *Reject {
	line := s.b[s.tokenStart('\n'):s.i]
	value := trim(line[bytes.IndexByte(line, ':')+1:])
	field := s.seen & inChecked
	s.seen &^= inChecked
	switch {
	case field == inKey && !validKey(value):
		return BadRequest("Sec-WebSocket-Key must be 16 bytes in base64")
	case field == inLength && !noContent(value):
		s.seen |= seenBody
	case field == inUpgrade && hasToken(value, "websocket"):
		s.seen |= seenWebSocket
	default:
		return nil
	}
	return s.verifyWebSocket()
}

// verifyWebSocket rejects an upgrade that cannot become valid, whatever follows (RFC 6455, section 4.2.1). The bytes
// behind an upgrade are frames. They must never be taken for a body, here or by a proxy in front.
func (s *scanner) verifyWebSocket() *Reject {
	switch {
	case s.seen&seenWebSocket == 0:
		return nil
	case s.seen&seenOtherMethod != 0:
		return &Reject{Status: http.StatusMethodNotAllowed, Cause: CauseBadRequest, Reason: "a WebSocket is opened with GET", line: "Allow: GET"}
	case s.seen&seenHTTP10 != 0:
		return BadRequest("a WebSocket needs HTTP/1.1: a proxy in front must speak it and pass Upgrade and Connection on")
	case s.seen&seenBody != 0:
		return BadRequest("an upgrade has no body")
	}
	return nil
}

// verify checks the complete block.
func (s *scanner) verify() *Reject {
	if s.seen&(seenHost|seenHTTP10) == 0 { // RFC 9112, section 3.2
		return BadRequest("no Host header")
	}
	return nil
}

// validKey reports whether v is the base64 form of 16 bytes (RFC 6455, section 4.1).
func validKey(v []byte) bool {
	var nonce [18]byte
	if len(v) != 24 {
		return false
	}
	n, err := base64.StdEncoding.Decode(nonce[:], v)
	return err == nil && n == 16
}

// noContent reports whether v, the value of a Content-Length field, announces no content: it is 0, or a list of
// nothing but 0 (RFC 9110, section 8.6).
func noContent(v []byte) bool {
	for item := range bytes.SplitSeq(v, []byte(",")) {
		if item = trim(item); len(item) == 0 || len(bytes.Trim(item, "0")) > 0 {
			return false
		}
	}
	return true
}

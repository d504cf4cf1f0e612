//go:build !windows

package netpoll

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
)

// defaultMaxHeader is Server.MaxHeader where that is 0.
const defaultMaxHeader = 32 << 10

// maxMethod bounds the method; the longest registered one has 17 letters.
const maxMethod = 24

// scanner is the strict reading of a header block (RFC 9112, sections 2 to 5), one byte
// after the other, that runs before any library sees the bytes. It refuses at the
// offending byte what lenient parsers take for a request: bare LF and bare CR, NUL, white
// space before a colon, folded lines, a second Host or key, a body behind an upgrade.
//
// It may be fed a growing prefix: what it knows is a scanState, and every byte is looked at
// once. A token that was split over reads is found again by looking back for the byte
// before it, so that nothing else is kept.
type scanner struct {
	b []byte
	scanState
}

// scanState is where a scan stands. The zero value begins a new request.
type scanState struct {
	i    int
	at   position
	seen facts
}

// position is where in the grammar the next byte stands.
type position uint8

const (
	inMethod position = iota
	inTarget
	inVersion
	inLF        // after the CR of a line
	inLineStart // a field name, or the CR of the blank line
	inName
	inValue
	inLastLF // after the CR of the blank line
	atEnd
)

// facts is what is known about the request so far.
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
	inUpgrade     // the field being read is Upgrade
	inKey         // the field being read is Sec-WebSocket-Key
	inLength      // the field being read is Content-Length

	inJudged = inUpgrade | inKey | inLength // its value is judged when it is complete
)

// scanHeaders reads on from state. limit bounds the request line and all fields together, the
// blank line included; beyond it the answer is 431, or 414 while the target is still coming.
// end is the length of the block once it is complete and 0 before.
func scanHeaders(b []byte, limit int, state *scanState) (end int, seen facts, deny *refusal) {
	s := scanner{b[:min(len(b), limit)], *state}
	for s.i < len(s.b) && s.at != atEnd {
		if deny = s.step(); deny != nil {
			return 0, s.seen, deny
		}
	}
	*state = s.scanState
	switch {
	case s.at == atEnd:
		return s.i, s.seen, s.verify()
	case s.i < limit:
		return 0, s.seen, nil
	}
	return 0, s.seen, s.tooLong(limit)
}

func (s *scanner) tooLong(limit int) *refusal {
	if s.at <= inTarget {
		return &refusal{status: http.StatusRequestURITooLong, cause: CauseHeaderSize, reason: fmt.Sprintf("a request target of more than %d bytes", limit)}
	}
	return &refusal{status: http.StatusRequestHeaderFieldsTooLarge, cause: CauseHeaderSize, reason: fmt.Sprintf("more than %d bytes of headers", limit)}
}

// maxEmptyLines bounds the empty lines in front of a request.
const maxEmptyLines = 8

// emptyLines is the length of the empty lines in front of the request line, which RFC 9112,
// section 2.2, asks servers to skip: old clients send one behind the body before it.
func emptyLines(b []byte) (n int, deny *refusal) {
	for len(b) >= n+2 && b[n] == '\r' && b[n+1] == '\n' {
		n += 2
	}
	if n > 2*maxEmptyLines {
		return n, badRequest("too many empty lines in front of the request")
	}
	return n, nil
}

// step reads one token, or the part of it that has arrived.
func (s *scanner) step() *refusal {
	switch s.at {
	case inMethod:
		return s.method()
	case inTarget:
		return s.target()
	case inVersion:
		return s.version()
	case inLineStart:
		return s.lineStart()
	case inName:
		return s.name()
	case inValue:
		return s.value()
	default:
		return s.lineFeed()
	}
}

func (s *scanner) method() *refusal {
	s.skip(classToken)
	if s.i > maxMethod {
		return badRequest("no such method")
	}
	if s.i == len(s.b) {
		return nil
	}
	switch method := s.b[:s.i]; {
	case s.b[s.i] != ' ' || s.i == 0:
		return badRequest("this is not an HTTP request")
	case string(method) == "PRI": // RFC 9113, section 3.4
		return &refusal{status: http.StatusHTTPVersionNotSupported, cause: CauseBadRequest, reason: "HTTP/2 is not spoken here"}
	case string(method) != http.MethodGet:
		s.seen |= seenOtherMethod
	}
	return s.next(inTarget)
}

func (s *scanner) target() *refusal {
	s.skip(classTarget)
	switch {
	case s.i == len(s.b):
		return nil
	case s.b[s.i] != ' ' || s.b[s.i-1] == ' ':
		return badRequest("malformed request target")
	}
	return s.next(inVersion)
}

// version takes exactly HTTP/1.1 or HTTP/1.0.
func (s *scanner) version() *refusal {
	const want = "HTTP/1.1\r"
	for n := s.i - s.tokenStart(' '); s.i < len(s.b); n++ {
		switch c := s.b[s.i]; {
		case n == len("HTTP/1.") && c == '0':
			s.seen |= seenHTTP10
		case c != want[n] && (n == len("HTTP/") || n == len("HTTP/1.")) && '0' <= c && c <= '9':
			return &refusal{status: http.StatusHTTPVersionNotSupported, cause: CauseBadRequest, reason: "only HTTP/1.1 is spoken here"}
		case c != want[n]:
			return badRequest("malformed request line")
		case c == '\r':
			return s.next(inLF)
		}
		s.i++
	}
	return nil
}

func (s *scanner) lineFeed() *refusal {
	if s.b[s.i] != '\n' {
		return badRequest("a CR without its LF")
	}
	if s.at == inLastLF {
		return s.next(atEnd)
	}
	return s.next(inLineStart)
}

func (s *scanner) lineStart() *refusal {
	switch c := s.b[s.i]; {
	case c == '\r':
		return s.next(inLastLF)
	case c == ' ' || c == '\t': // RFC 9112, section 5.2: obs-fold
		return badRequest("folded header line")
	case c == ':':
		return badRequest("header without a name")
	}
	s.at = inName
	return nil
}

func (s *scanner) name() *refusal {
	s.skip(classToken)
	if s.i == len(s.b) {
		return nil
	}
	if s.b[s.i] != ':' { // RFC 9112, section 5.1: no white space before the colon
		return badRequest("malformed header name")
	}
	if r := s.note(s.b[s.tokenStart('\n'):s.i]); r != nil {
		return r
	}
	return s.next(inValue)
}

func (s *scanner) value() *refusal {
	s.skip(classValue)
	if s.i == len(s.b) {
		return nil
	}
	if s.b[s.i] != '\r' {
		return badRequest("forbidden byte in a header")
	}
	if s.seen&inJudged != 0 {
		if r := s.inspect(); r != nil {
			return r
		}
	}
	return s.next(inLF)
}

// note remembers which field begins and refuses a second one where only one may be.
func (s *scanner) note(name []byte) *refusal {
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
		return s.noteWebSocket(name[14:])
	}
	return nil
}

// noteWebSocket judges a Sec-WebSocket-* field by the rest of its name. Key and version
// must not appear twice (RFC 6455, sections 11.3.1 and 11.3.5).
func (s *scanner) noteWebSocket(name []byte) *refusal {
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

func (s *scanner) once(f facts, otherwise string) *refusal {
	if s.seen&f != 0 {
		return badRequest(otherwise)
	}
	s.seen |= f
	return nil
}

// inspect judges the complete value of a field that noted one of inJudged.
func (s *scanner) inspect() *refusal {
	line := s.b[s.tokenStart('\n'):s.i]
	value := trim(line[bytes.IndexByte(line, ':')+1:])
	field := s.seen & inJudged
	s.seen &^= inJudged
	switch {
	case field == inKey && !validKey(value):
		return badRequest("Sec-WebSocket-Key must be 16 bytes in base64")
	case field == inLength && !noContent(value):
		s.seen |= seenBody
	case field == inUpgrade && hasToken(value, "websocket"):
		s.seen |= seenWebSocket
	default:
		return nil
	}
	return s.verifyWebSocket()
}

// verifyWebSocket refuses an upgrade that cannot become one whatever follows
// (RFC 6455, section 4.2.1). The bytes behind an upgrade are frames: they must never be
// taken for a body, here or by whoever stands before us.
func (s *scanner) verifyWebSocket() *refusal {
	switch {
	case s.seen&seenWebSocket == 0:
		return nil
	case s.seen&seenOtherMethod != 0:
		return &refusal{status: http.StatusMethodNotAllowed, cause: CauseBadRequest, reason: "a WebSocket is opened with GET", extra: "Allow: GET"}
	case s.seen&seenHTTP10 != 0:
		return badRequest("a WebSocket needs HTTP/1.1: a proxy in front must speak it and pass Upgrade and Connection on")
	case s.seen&seenBody != 0:
		return badRequest("an upgrade has no body")
	}
	return nil
}

// verify judges the complete block.
func (s *scanner) verify() *refusal {
	if s.seen&(seenHost|seenHTTP10) == 0 { // RFC 9112, section 3.2
		return badRequest("no Host header")
	}
	return nil
}

// next consumes one byte and goes on at p.
func (s *scanner) next(p position) *refusal {
	s.i++
	s.at = p
	return nil
}

// skip moves to the first byte that is not of the class.
func (s *scanner) skip(class byte) {
	b, i := s.b, s.i
	for i < len(b) && classes[b[i]]&class != 0 {
		i++
	}
	s.i = i
}

// tokenStart is the offset behind the last byte c before the current one.
func (s *scanner) tokenStart(c byte) int { return bytes.LastIndexByte(s.b[:s.i], c) + 1 }

// Classes of bytes: the token of RFC 9110, section 5.6.2; what may stand in a request
// target (URI characters of RFC 3986, and those that people send unescaped: net/http takes
// them too; never a fragment, RFC 6455, section 3); field content with OWS and obs-text.
const (
	classToken byte = 1 << iota
	classTarget
	classValue
)

var classes = func() (t [256]byte) {
	for c := range t {
		if c > ' ' && c != 0x7F {
			t[c] |= classValue
			if c != '#' {
				t[c] |= classTarget
			}
		}
	}
	t[' '] |= classValue
	t['\t'] |= classValue
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for i := range len(token) {
		t[token[i]] |= classToken
	}
	return t
}()

// validKey reports whether v is the base64 form of 16 bytes (RFC 6455, section 4.1).
func validKey(v []byte) bool {
	var nonce [18]byte
	if len(v) != 24 {
		return false
	}
	n, err := base64.StdEncoding.Decode(nonce[:], v)
	return err == nil && n == 16
}

// noContent reports whether v, the value of a Content-Length field, says that there is none:
// 0, or a list of nothing but 0 (RFC 9110, section 8.6).
func noContent(v []byte) bool {
	for item := range bytes.SplitSeq(v, []byte(",")) {
		if item = trim(item); len(item) == 0 || len(bytes.Trim(item, "0")) > 0 {
			return false
		}
	}
	return true
}

// trim removes optional white space (RFC 9110, section 5.6.3).
func trim(b []byte) []byte { return bytes.Trim(b, " \t") }

// equalFold compares ASCII without regard to case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower(c) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

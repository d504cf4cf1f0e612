package upgrade

import (
	"bytes"
	"fmt"
	"net/http"
)

// A request is scanned before any library sees it. The scan is strict (RFC 9112, sections 2 to 5) and rejects at the
// offending byte what lenient parsers accept: bare LF and bare CR, NUL, white space before a colon, folded lines, a
// second Host or Sec-WebSocket-Key, a body behind an upgrade.

// DefaultMaxHeader is [Upgrader.MaxHeader] where that is 0.
const DefaultMaxHeader = 32 << 10

// maxMethod bounds the method in bytes; the longest registered one has 17 letters.
const maxMethod = 24

// Scan is how far a request has been scanned. The zero value begins a new request. With it [Upgrader.Read] looks at
// every byte once, however small the pieces are in which a request arrives.
type Scan struct {
	i    int
	at   position
	seen facts
}

// scanner scans b from where its Scan stands. A token that was split over two reads is found by searching backwards
// for the separator in front of it, so that a Scan needs no further fields.
type scanner struct {
	b []byte
	Scan
}

// position is what the grammar expects at the next byte.
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

// scanHeaders scans b from where scan stands. limit bounds the request line and all fields together, the blank line
// included; a longer block is rejected with 431, or with 414 if the target has not ended yet. end is the length of the
// complete block, and 0 before it is complete.
func scanHeaders(b []byte, limit int, scan *Scan) (end int, seen facts, reject *Reject) {
	s := scanner{b[:min(len(b), limit)], *scan}
	for s.i < len(s.b) && s.at != atEnd {
		if reject = s.step(); reject != nil {
			return 0, s.seen, reject
		}
	}
	*scan = s.Scan
	switch {
	case s.at == atEnd:
		return s.i, s.seen, s.verify()
	case s.i < limit:
		return 0, s.seen, nil
	}
	return 0, s.seen, s.tooLong(limit)
}

func (s *scanner) tooLong(limit int) *Reject {
	if s.at <= inTarget {
		return &Reject{Status: http.StatusRequestURITooLong, Cause: CauseHeaderSize, Reason: fmt.Sprintf("a request target of more than %d bytes", limit)}
	}
	return &Reject{Status: http.StatusRequestHeaderFieldsTooLarge, Cause: CauseHeaderSize, Reason: fmt.Sprintf("more than %d bytes of headers", limit)}
}

// maxEmptyLines bounds the empty lines in front of a request.
const maxEmptyLines = 8

// emptyLines is the length of the empty lines in front of the request line. Servers should skip them, because old
// clients send one behind the body before it (RFC 9112, section 2.2).
func emptyLines(b []byte) (n int, reject *Reject) {
	for len(b) >= n+2 && b[n] == '\r' && b[n+1] == '\n' {
		n += 2
	}
	if n > 2*maxEmptyLines {
		return n, BadRequest("too many empty lines in front of the request")
	}
	return n, nil
}

// step scans one token, or the part of it that has arrived.
func (s *scanner) step() *Reject {
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

func (s *scanner) method() *Reject {
	s.skip(classToken)
	if s.i > maxMethod {
		return BadRequest("no such method")
	}
	if s.i == len(s.b) {
		return nil
	}
	switch method := s.b[:s.i]; {
	case s.b[s.i] != ' ' || s.i == 0:
		return BadRequest("this is not an HTTP request")
	case string(method) == "PRI": // RFC 9113, section 3.4
		return &Reject{Status: http.StatusHTTPVersionNotSupported, Cause: CauseBadRequest, Reason: "HTTP/2 is not spoken here"}
	case string(method) != http.MethodGet:
		s.seen |= seenOtherMethod
	}
	return s.next(inTarget)
}

func (s *scanner) target() *Reject {
	s.skip(classTarget)
	switch {
	case s.i == len(s.b):
		return nil
	case s.b[s.i] != ' ' || s.b[s.i-1] == ' ':
		return BadRequest("malformed request target")
	}
	return s.next(inVersion)
}

// version accepts exactly HTTP/1.1 and HTTP/1.0.
func (s *scanner) version() *Reject {
	const want = "HTTP/1.1\r"
	for n := s.i - s.tokenStart(' '); s.i < len(s.b); n++ {
		switch c := s.b[s.i]; {
		case n == len("HTTP/1.") && c == '0':
			s.seen |= seenHTTP10
		case c != want[n] && (n == len("HTTP/") || n == len("HTTP/1.")) && '0' <= c && c <= '9':
			return &Reject{Status: http.StatusHTTPVersionNotSupported, Cause: CauseBadRequest, Reason: "only HTTP/1.1 is spoken here"}
		case c != want[n]:
			return BadRequest("malformed request line")
		case c == '\r':
			return s.next(inLF)
		}
		s.i++
	}
	return nil
}

func (s *scanner) lineFeed() *Reject {
	if s.b[s.i] != '\n' {
		return BadRequest("a CR without its LF")
	}
	if s.at == inLastLF {
		return s.next(atEnd)
	}
	return s.next(inLineStart)
}

func (s *scanner) lineStart() *Reject {
	switch c := s.b[s.i]; {
	case c == '\r':
		return s.next(inLastLF)
	case c == ' ' || c == '\t': // RFC 9112, section 5.2: obs-fold
		return BadRequest("folded header line")
	case c == ':':
		return BadRequest("header without a name")
	}
	s.at = inName
	return nil
}

func (s *scanner) name() *Reject {
	s.skip(classToken)
	if s.i == len(s.b) {
		return nil
	}
	if s.b[s.i] != ':' { // RFC 9112, section 5.1: no white space before the colon
		return BadRequest("malformed header name")
	}
	if r := s.fieldBegins(s.b[s.tokenStart('\n'):s.i]); r != nil {
		return r
	}
	return s.next(inValue)
}

func (s *scanner) value() *Reject {
	s.skip(classValue)
	if s.i == len(s.b) {
		return nil
	}
	if s.b[s.i] != '\r' {
		return BadRequest("forbidden byte in a header")
	}
	if s.seen&inChecked != 0 {
		if r := s.fieldEnds(); r != nil {
			return r
		}
	}
	return s.next(inLF)
}

// next consumes one byte and goes on at p.
func (s *scanner) next(p position) *Reject {
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

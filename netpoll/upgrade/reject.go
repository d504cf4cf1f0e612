package upgrade

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Cause is why a request is answered with an error.
type Cause uint8

// The causes.
const (
	CauseApplication Cause = iota // the application rejects the request, or panics
	CauseBadRequest               // no HTTP, or no upgrade as in RFC 6455: 400, 405, 417, 426, 505
	CauseOrigin                   // the origin is not allowed: 403
	CausePath                     // no endpoint has the path: 404
	CauseHeaderSize               // the header is too long: 414, 431
	CauseTimeout                  // the header takes too long: 408
	CauseOverload                 // a limit of the server: 503
	CauseAddress                  // a limit of the peer's address: 429
	NumCauses
)

// String is the name in lower case, as for a label.
func (c Cause) String() string {
	return [...]string{"application", "bad_request", "origin", "path", "header_size", "timeout", "overload", "address"}[c]
}

// Reject is a response that rejects a request and ends the connection. Applications return one as the error of their
// callback.
type Reject struct {
	Status int         // 400 to 599; 0 means 403
	Cause  Cause       // the request is counted under this cause
	Reason string      // the text of the response; empty means the status text
	Header http.Header // further headers, Retry-After for example

	line string // one more header line, which costs no map
}

// Error implements error.
func (r *Reject) Error() string {
	return fmt.Sprintf("rejected with %d: %s", r.Status, r.Reason)
}

// BadRequest answers 400 with this reason.
func BadRequest(reason string) *Reject {
	return &Reject{Status: http.StatusBadRequest, Cause: CauseBadRequest, Reason: reason}
}

// RejectFor is the response to an error of a callback: the *Reject in it, or 403. The text of any other error is not sent,
// since it was not written for the peer; expected is false then.
func RejectFor(err error) (r *Reject, expected bool) {
	if errors.As(err, &r) && r != nil {
		return r, true
	}
	return &Reject{Status: http.StatusForbidden, Reason: "not allowed"}, false
}

// StatusCode is the status that is sent: 500 where Status is no error.
func (r *Reject) StatusCode() int {
	status := cmp.Or(r.Status, http.StatusForbidden)
	if status < 400 || status > 599 {
		return http.StatusInternalServerError
	}
	return status
}

// Append appends the whole response, which announces that the connection ends.
func (r *Reject) Append(dst []byte) []byte {
	status := r.StatusCode()
	text := cmp.Or(http.StatusText(status), "Refused")
	reason := cmp.Or(r.Reason, text)
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(append(dst, ' '), text...)
	dst = append(dst, "\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(reason)+1), 10)
	if r.line != "" {
		dst = append(append(dst, "\r\n"...), r.line...)
	}
	dst = append(r.appendHeader(append(dst, "\r\n"...)), "\r\n"...)
	return append(append(dst, reason...), '\n')
}

// appendHeader appends the fields of Header that are not the response's own. Line breaks in values become spaces.
func (r *Reject) appendHeader(dst []byte) []byte {
	if len(r.Header) == 0 {
		return dst
	}
	out := bytes.NewBuffer(dst)
	_ = r.Header.WriteSubset(out, map[string]bool{"Connection": true, "Content-Length": true, "Content-Type": true, "Transfer-Encoding": true}) // a Buffer takes everything
	return out.Bytes()
}

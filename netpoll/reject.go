//go:build !windows

package netpoll

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Cause is why a request was answered with an error instead of a 101, see Stats.RefusedFor.
type Cause uint8

// The causes.
const (
	CauseApplication Cause = iota // Endpoint.Accept, or a panic in it
	CauseBadRequest               // no HTTP, or no upgrade as in RFC 6455: 400, 405, 417, 426, 505
	CauseOrigin                   // the origin is not allowed: 403
	CausePath                     // no endpoint has the path: 404
	CauseHeaderSize               // above MaxHeader: 414, 431
	CauseTimeout                  // above HeaderTimeout: 408
	CauseOverload                 // a bound of the server: 503
	CauseAddress                  // a bound of the peer's address: 429
	NumCauses
)

// String is the name in lower case, as for a label.
func (c Cause) String() string {
	return [...]string{"application", "bad_request", "origin", "path", "header_size", "timeout", "overload", "address"}[c]
}

// Reject is the error with which [Endpoint.Accept] refuses a connection.
type Reject struct {
	Status int         // 400 to 599; 0 means 403
	Cause  Cause       // what it is counted as
	Reason string      // the text of the response; empty means the status text
	Header http.Header // further headers, Retry-After for example
}

// Error implements error.
func (r *Reject) Error() string {
	return fmt.Sprintf("rejected with %d: %s", r.Status, r.Reason)
}

// refusal is a response that ends the connection. Nil refuses nothing.
type refusal struct {
	status int
	cause  Cause
	reason string
	extra  string // one more header line
	header http.Header
}

func badRequest(reason string) *refusal {
	return &refusal{status: http.StatusBadRequest, cause: CauseBadRequest, reason: reason}
}

// refusalOf is the answer to an error of Endpoint.Accept. The text of an error that is no
// *Reject stays inside: it was not written for the peer, and is unexpected.
func refusalOf(err error) (_ *refusal, unexpected bool) {
	var r *Reject
	if !errors.As(err, &r) || r == nil {
		return &refusal{status: http.StatusForbidden, reason: "not allowed"}, true
	}
	status := cmp.Or(r.Status, http.StatusForbidden)
	if status < 400 || status > 599 {
		status = http.StatusInternalServerError
	}
	return &refusal{status: status, cause: min(r.Cause, NumCauses-1), reason: r.Reason, header: r.Header}, false
}

func (r *refusal) append(dst []byte) []byte {
	var extra []string
	if r.extra != "" {
		extra = []string{r.extra}
	}
	if len(r.header) > 0 {
		var lines bytes.Buffer
		own := map[string]bool{"Connection": true, "Content-Length": true, "Content-Type": true, "Transfer-Encoding": true}
		if r.header.WriteSubset(&lines, own) == nil && lines.Len() > 0 { // it folds line breaks in values
			extra = append(extra, string(bytes.TrimSuffix(lines.Bytes(), []byte("\r\n"))))
		}
	}
	return appendRefusal(dst, r.status, r.reason, extra...)
}

// appendRefusal appends a whole HTTP response that says why and announces that the
// connection ends. reason may be empty; extra are header lines without their line end.
func appendRefusal(dst []byte, status int, reason string, extra ...string) []byte {
	text := cmp.Or(http.StatusText(status), "Refused")
	reason = cmp.Or(reason, text)
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(append(dst, ' '), text...)
	dst = append(dst, "\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(reason)+1), 10)
	for _, line := range extra {
		dst = append(append(dst, "\r\n"...), line...)
	}
	dst = append(append(dst, "\r\n\r\n"...), reason...)
	return append(dst, '\n')
}

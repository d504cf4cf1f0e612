package upgrade

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// NewRequest makes a Request of one that net/http has read, so that it can be decided about in the same way: by
// [Upgrader.Check], or by a function of [AllowOrigins]. It returns an error if the request cannot have been sent in this
// form in HTTP/1.1.
func NewRequest(h *http.Request) (*Request, error) {
	block, ok := appendHTTP(nil, h)
	if !ok {
		return nil, errors.New("a field of the request has a line break")
	}
	r, u := new(Request), Upgrader{MaxHeader: len(block)}
	var scan Scan
	if _, reject := u.Read(r, block, &scan); reject != nil {
		return nil, reject
	}
	return r, nil
}

// appendHTTP appends the header block of a request. The fields of one name keep their order. It reports whether no part
// has a line break, which would begin another field.
func appendHTTP(dst []byte, h *http.Request) (_ []byte, ok bool) {
	ok = true
	add := func(parts ...string) {
		for _, part := range parts {
			ok = ok && !strings.ContainsAny(part, "\r\n")
			dst = append(dst, part...)
		}
		dst = append(dst, "\r\n"...)
	}
	target := h.RequestURI
	if target == "" {
		target = h.URL.RequestURI()
	}
	add(h.Method, " ", target, " HTTP/1.1")
	add("Host: ", h.Host)
	names := make([]string, 0, len(h.Header))
	for name := range h.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range h.Header[name] {
			add(name, ": ", value)
		}
	}
	return append(dst, "\r\n"...), ok
}

package server

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/throngd/throng/netpoll"
)

// anyPort is the end of an allowed origin that names no port. netpoll compares
// origins exactly; the development server's page may be on any port.
const anyPort = ":*"

// origins is an allow-list that can be replaced while the server runs.
type origins struct {
	list atomic.Pointer[[]string]
}

func (o *origins) set(list []string) {
	normal := make([]string, len(list))
	for i, entry := range list {
		normal[i] = withoutPort(entry)
	}
	o.list.Store(&normal)
}

// check makes the endpoints allow the listed origins. Without a list netpoll
// allows the host that serves the page, and no list can come later.
func (o *origins) check(endpoints []netpoll.Endpoint) []netpoll.Endpoint {
	if len(*o.list.Load()) == 0 {
		return endpoints
	}
	for i := range endpoints {
		accept := endpoints[i].Accept
		endpoints[i].Origins = []string{"*"} // this Accept decides
		endpoints[i].Accept = func(r *netpoll.Request) error {
			if origin := r.Origin(); origin != "" && !originAllowed(*o.list.Load(), withoutPort(origin)) {
				return &netpoll.Reject{Status: http.StatusForbidden, Reason: "origin not allowed"}
			}
			if accept == nil {
				return nil
			}
			return accept(r)
		}
	}
	return endpoints
}

// withoutPort writes an origin as browsers do: without the port that is the
// scheme's own.
func withoutPort(origin string) string {
	switch {
	case strings.HasPrefix(origin, "https://"):
		return strings.TrimSuffix(origin, ":443")
	case strings.HasPrefix(origin, "http://"):
		return strings.TrimSuffix(origin, ":80")
	}
	return origin
}

func originAllowed(allowed []string, origin string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		host, wild := strings.CutSuffix(a, anyPort)
		if !wild {
			return a == "*" || a == origin
		}
		port, ok := strings.CutPrefix(origin, host)
		return ok && isPort(port)
	})
}

// isPort accepts "" and ":" with digits behind it.
func isPort(s string) bool {
	digits, ok := strings.CutPrefix(s, ":")
	return s == "" || ok && digits != "" && len(digits) <= 5 && strings.Trim(digits, "0123456789") == ""
}

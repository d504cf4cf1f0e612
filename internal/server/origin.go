package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/throngd/throng/netpoll"
)

// anyPort is the end of an allowed origin that names no port. netpoll compares
// origins exactly; the development server's page may be on any port.
const anyPort = ":*"

// checkOrigins makes the endpoints allow the listed origins, those with any
// port too.
func checkOrigins(endpoints []netpoll.Endpoint, allowed []string) []netpoll.Endpoint {
	if !slices.ContainsFunc(allowed, func(o string) bool { return strings.HasSuffix(o, anyPort) }) {
		return endpoints
	}
	for i := range endpoints {
		accept := endpoints[i].Accept
		endpoints[i].Origins = []string{"*"} // this Accept decides
		endpoints[i].Accept = func(r *netpoll.Request) error {
			if origin := r.Origin(); origin != "" && !originAllowed(allowed, origin) {
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

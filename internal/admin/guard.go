package admin

import (
	"net/http"
	"strings"
	"time"
)

// contentTimeout is the longest wait for the content of a request.
const contentTimeout = 5 * time.Second

// guard refuses requests that a page in a browser may send to the admin port: requests with a host name that is not the
// port's, and requests of other sites. Programs other than browsers send neither Origin nor Sec-Fetch-Site.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !s.hosts.Allows(r.Host):
			answer(w, http.StatusForbidden, "the admin port does not answer to this host: use localhost, or name the host in admin_hosts")
		case crossSite(r):
			answer(w, http.StatusForbidden, "the admin port does not answer to pages of other sites")
		default:
			if r.ContentLength != 0 { // no request to this port needs longer for its content
				_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(contentTimeout))
			}
			next.ServeHTTP(w, r)
		}
	})
}

// crossSite reports whether a browser sends r for a page of another origin. Sec-Fetch-Site is "none" for
// an address that a person typed (W3C Fetch Metadata); "same-site" is another port or another name. Browsers
// do not send it if the page is neither https nor of this machine, and do not send Origin with plain GETs.
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return false
	}
	_, host, _ := strings.Cut(origins[0], "://")
	return len(origins) > 1 || !strings.EqualFold(host, r.Host)
}

package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/netpoll/upgrade"
)

// methods are the allowed methods of plain HTTP requests.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// originPath tells a page whether its origin is allowed, see origins.probe.
const originPath = "/connection/origin"

// plain answers requests that are not WebSocket upgrades: with the demo page, or with an error on the paths of the endpoints.
func plain(endpoints []netpoll.Endpoint, origins *origins, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get := r.Method == http.MethodGet || r.Method == http.MethodHead
		webSocket := slices.ContainsFunc(endpoints, func(e netpoll.Endpoint) bool { return e.Path == r.URL.Path })
		switch {
		case r.Method == http.MethodOptions: // the default health check of HAProxy
			w.Header().Set("Allow", strings.Join(methods, ", "))
			w.WriteHeader(http.StatusNoContent)
		case webSocket && get:
			http.Error(w, "this is the address of a WebSocket: the request has no Upgrade header", http.StatusBadRequest)
		case r.URL.Path == originPath && get:
			origins.probe(w, r)
		default:
			page.ServeHTTP(w, r)
		}
	})
}

// acceptPage accepts or rejects a plain HTTP request before it counts for max_http. Requests with content are rejected: no
// page reads it, and the request would count until the content has come.
func acceptPage(r *netpoll.Request) error {
	if !slices.Contains(methods, r.Method()) {
		return &netpoll.Reject{
			Status: http.StatusMethodNotAllowed, Cause: upgrade.CauseBadRequest,
			Header: http.Header{"Allow": {strings.Join(methods, ", ")}},
		}
	}
	if n := r.Header("Content-Length"); n != "" && n != "0" || r.Header("Transfer-Encoding") != "" {
		return &netpoll.Reject{Status: http.StatusBadRequest, Cause: upgrade.CauseBadRequest, Reason: "a request for a page has no content"}
	}
	return nil
}

// whileServing answers requests with 503 once Stop was called, so that load balancers that check the public port send no more
// requests here.
func (s *Server) whileServing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "this server is about to end", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
}

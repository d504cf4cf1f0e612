package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/netpoll/upgrade"
)

// methods are those of requests that ask for no WebSocket.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// originPath tells pages whether their origin is let in, see origins.probe.
const originPath = "/connection/origin"

// plain answers requests that ask for no WebSocket: the page, and on the paths
// of the endpoints an error that says what is spoken there.
func plain(endpoints []netpoll.Endpoint, origins *origins, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get := r.Method == http.MethodGet || r.Method == http.MethodHead
		webSocket := slices.ContainsFunc(endpoints, func(e netpoll.Endpoint) bool { return e.Path == r.URL.Path })
		switch {
		case r.Method == http.MethodOptions: // what HAProxy asks for by default
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

// acceptPage decides about a request that asks for no WebSocket before it gets
// one of the places of max_http. All there is are pages: a request with content
// would hold its place until the content comes, and nobody reads it.
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

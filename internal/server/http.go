package server

import (
	"net/http"
	"slices"

	"github.com/throngd/throng/netpoll"
)

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
			w.Header().Set("Allow", "GET, HEAD, OPTIONS")
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

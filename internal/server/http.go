package server

import (
	"net/http"
	"slices"

	"github.com/throngd/throng/netpoll"
)

// plain answers requests that ask for no WebSocket: the page, and on the paths
// of the endpoints an error that says what is spoken there.
func plain(endpoints []netpoll.Endpoint, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		webSocket := slices.ContainsFunc(endpoints, func(e netpoll.Endpoint) bool { return e.Path == r.URL.Path })
		if webSocket && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			http.Error(w, "this is the address of a WebSocket: the request has no Upgrade header", http.StatusBadRequest)
			return
		}
		page.ServeHTTP(w, r)
	})
}

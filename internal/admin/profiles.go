package admin

import (
	"net/http"
	"net/http/pprof"
)

// profiles serves net/http/pprof below /debug/pprof/. The list of profiles and the symbols are cheap.
// A profile is not: it samples the processor for the requested time, traces everything, or stops the
// program to count objects and goroutines. A link or an image in a page sends a GET, so profiles need
// a POST, unless anyMethod is set.
func profiles(mux *http.ServeMux, anyMethod bool) {
	mux.HandleFunc("GET /debug/pprof/{$}", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	for path, h := range map[string]http.HandlerFunc{
		"/debug/pprof/profile": pprof.Profile,
		"/debug/pprof/trace":   pprof.Trace,
		"/debug/pprof/{name}":  pprof.Index, // of the runtime: heap, goroutine and so on
	} {
		mux.HandleFunc("POST "+path, h)
		if anyMethod {
			mux.HandleFunc("GET "+path, h)
		} else {
			mux.HandleFunc("GET "+path, needsPost)
		}
	}
}

func needsPost(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	answer(w, http.StatusMethodNotAllowed, "a profile needs a POST (curl -X POST -o FILE URL), or admin_profiles: true for go tool pprof URL")
}

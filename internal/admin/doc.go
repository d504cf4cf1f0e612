// Package admin is the listener for operators, separate from the public one: health, readiness, metrics and profiles.
//
//	GET /healthz        200 while every event loop ticks, otherwise 503
//	GET /readyz         200 while the server accepts new connections, otherwise 503
//	GET /metrics        for Prometheus
//	GET /debug/pprof/   net/http/pprof; the profiles themselves need a POST
//
// It belongs on a private address: every client that reaches it can read profiles. Pages in a browser on the same machine
// reach a loopback address too, see guard.
package admin

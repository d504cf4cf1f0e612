// Package admin is the listener for the people who run throng, apart from the
// public port: health, readiness, metrics and profiles.
//
//	GET /healthz        200 while every event loop does its work, else 503
//	GET /readyz         200 while new connections are welcome, else 503
//	GET /metrics        for Prometheus
//	GET /debug/pprof/   net/http/pprof; the profiles themselves need a POST
//
// It is for a private address: whoever reaches it can read profiles. A page in a browser on the same
// machine reaches a loopback address, too: see guard.
package admin

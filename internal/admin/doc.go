// Package admin is the listener for the people who run throng, apart from the
// public port: health, readiness, metrics and profiles.
//
//	GET /healthz        200 while every event loop does its work, else 503
//	GET /readyz         200 while new connections are welcome, else 503
//	GET /metrics        for Prometheus
//	GET /debug/pprof/   net/http/pprof
//
// It is for a private address: whoever reaches it can read profiles.
package admin

package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry has the server's metrics, and those of the Go runtime (garbage
// collector, goroutines) and the process (memory, descriptors, CPU).
func Registry(src Source) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(&Collector{src}, collectors.NewGoCollector(), processCollector(src))
	return r
}

// Handler answers scrapes; above four at once with 503.
func Handler(src Source) http.Handler {
	return promhttp.HandlerFor(Registry(src), promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

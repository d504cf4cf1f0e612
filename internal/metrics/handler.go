package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry returns a registry with the server's metrics, those of the Go runtime and those of the process.
func Registry(src Source) *prometheus.Registry {
	r := prometheus.NewRegistry()
	c := &Collector{src: src}
	if c.process = slowProcess(src); c.process == nil {
		r.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	r.MustRegister(c, collectors.NewGoCollector())
	return r
}

// Handler answers scrapes. More than four at the same time get 503.
func Handler(src Source) http.Handler {
	return promhttp.HandlerFor(Registry(src), promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

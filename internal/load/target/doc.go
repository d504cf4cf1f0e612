// Package target reads what the server under load says of itself, with --target-admin: its
// metrics in the Prometheus format, once a second. Those of throng are known in full, those of
// any Go server (memory, CPU, goroutines, open files) as far as they go, and of Centrifugo the
// number of connections as well.
package target

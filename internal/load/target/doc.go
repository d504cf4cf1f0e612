// Package target reads the metrics of the server under load in the Prometheus format, once a second, if
// --target-admin names its address. It knows the metrics of throng, those of any Go server (memory, CPU,
// goroutines, open files), and the number of connections of Centrifugo.
package target

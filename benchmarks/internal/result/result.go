// Package result has the results of benchmarks: [Result] is what one process of the load generator prints, and [Run] is
// what a run of the benchmark writes into results/DATE.json and what plots and tables are made from.
package result

import "time"

// Result of one server at one workload, in one round. With a Fault there are no figures.
type Result struct {
	Fault string `json:"fault,omitempty"` // why there are no figures: lost messages, closed connections, ...

	Connections int     `json:"connections,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`
	Messages    int64   `json:"messages,omitempty"`   // that every member received
	Deliveries  int64   `json:"deliveries,omitempty"` // each message counts once for each member that received it
	Rate        float64 `json:"rate,omitempty"`       // deliveries per second
	PerRead     float64 `json:"per_read,omitempty"`   // deliveries in one recv(2) of the generator

	// From the send of a message to its arrival at a member, in microseconds.
	P50  float64 `json:"p50_us,omitempty"`
	P99  float64 `json:"p99_us,omitempty"`
	P999 float64 `json:"p999_us,omitempty"`

	ServerCPU     float64 `json:"server_cpu_us,omitempty"`  // processor microseconds of the server per delivery (connect: connection, pings: ping, recovery: client)
	GeneratorIdle float64 `json:"generator_idle,omitempty"` // share of the time the generator waited for the server
	// Foreign is the share of the machine's processor time that other processes used, or that its host gave to
	// others. With much of it the figures say little about the server.
	Foreign float64 `json:"foreign,omitempty"`

	Memory       []Memory `json:"memory,omitempty"`
	BytesPerConn float64  `json:"bytes_per_conn,omitempty"` // growth of Rss for each connection
	PssPerConn   float64  `json:"pss_per_conn,omitempty"`   // growth of Pss
	// KernelPerConn is the growth of the kernel's memory, for both ends of a connection.
	KernelPerConn float64 `json:"kernel_per_conn,omitempty"`

	// Half is the same at half the rate, on a schedule (workload "rooms"). Its latencies count from
	// when a message was due, so that the time in which it waits is included.
	Half *Result `json:"half,omitempty"`

	Connects float64 `json:"connects,omitempty"` // connections a second (workloads "connect" and "recovery")

	Pings    int64   `json:"pings,omitempty"`
	IdleCost float64 `json:"idle_cost,omitempty"` // processor seconds an hour for 100,000 connections, pinged every 25 s
}

// Memory of the server with that many connections, in bytes.
type Memory struct {
	Connections int           `json:"connections"`
	Rss         int64         `json:"rss"`
	Pss         int64         `json:"pss"`
	Slab        int64         `json:"slab"`       // of the kernel, for the whole machine
	TCP         int64         `json:"tcp"`        // pages of TCP's buffers, whole machine
	Settled     time.Duration `json:"settled_ns"` // how long it took until the reading was stable
}

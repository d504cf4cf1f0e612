// Package result is what one run of the load generator found out.
package result

import "time"

// Result of one server at one work. With a Fault the figures mean nothing.
type Result struct {
	Fault string `json:"fault,omitempty"` // why there is no number: lost messages, closed connections, ...

	Connections int     `json:"connections,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`
	Messages    int64   `json:"messages,omitempty"`   // that every member got
	Deliveries  int64   `json:"deliveries,omitempty"` // messages that members got
	Rate        float64 `json:"rate,omitempty"`       // deliveries per second
	PerRead     float64 `json:"per_read,omitempty"`   // deliveries in one recv(2) of the generator

	// From the send of a message to its arrival at a member, in microseconds.
	P50  float64 `json:"p50_us,omitempty"`
	P99  float64 `json:"p99_us,omitempty"`
	P999 float64 `json:"p999_us,omitempty"`

	ServerCPU     float64 `json:"server_cpu_us,omitempty"`  // processor microseconds of the server per delivery (connect: connection, pings: ping, recovery: client)
	GeneratorIdle float64 `json:"generator_idle,omitempty"` // share of the time the generator waited for the server
	// Foreign is the share of the machine's processors that others used meanwhile, or that its
	// host gave to others. With much of it the figures are not this server's.
	Foreign float64 `json:"foreign,omitempty"`

	Memory       []Memory `json:"memory,omitempty"`
	BytesPerConn float64  `json:"bytes_per_conn,omitempty"` // growth of Rss from the foot of the slope to the last Memory
	PssPerConn   float64  `json:"pss_per_conn,omitempty"`   // the same of Pss
	// KernelPerConn is the same of the kernel's memory: both ends of a connection.
	KernelPerConn float64 `json:"kernel_per_conn,omitempty"`

	// Half is the same work at half the rate, on a schedule (work "rooms"). Its latencies are
	// measured from when a message was due, so nothing that waits is left out.
	Half *Result `json:"half,omitempty"`

	Connects float64 `json:"connects,omitempty"` // connections a second (works "connect" and "recovery")

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

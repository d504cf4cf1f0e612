// Package metrics exports the server's metrics to Prometheus. A [Collector] reads a [Snapshot] of netpoll, the edge and the
// rooms at scrape time: the message path touches no metric.
//
// families.go declares each metric once: its name, its help, its label and the function that reads it from a Snapshot.
//
// No label is a room, a user or an address, since clients would choose their number. Labels are event loops, codes of a
// fixed set, directions and the parts of a duration.
//
// docs/operations.md documents the metrics, and deploy/ has a Grafana dashboard. Tests compare both with this package.
package metrics

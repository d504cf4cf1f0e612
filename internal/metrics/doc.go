// Package metrics tells Prometheus what the server does. One [Collector] asks
// netpoll, the edge and the rooms at scrape time: nothing is counted twice, and
// nobody who sends a message touches a metric.
//
// No metric is labelled by room, user or address: their number would be chosen
// by clients. Labels are loops, close codes of a fixed set, directions and the
// parts of a duration.
//
// The table of names, for people, is docs/operations.md; deploy/ has a Grafana
// dashboard. A test keeps both in step with this package.
package metrics

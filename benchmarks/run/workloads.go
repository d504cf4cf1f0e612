//go:build linux

package main

import (
	"strconv"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

const (
	spareFiles   = 100 // descriptors that are no connections
	usualLimit   = 60 * time.Second
	pingInterval = 2 * time.Second // for the workload "pings", instead of the usual 25 s
)

// workloads are the runs of the load generator. Their kinds are its commands:
//
//	fanout    rooms, each with messages in flight
//	rooms     many rooms: closed loop, then an open loop at half its rate
//	echo      messages that come back
//	idle      bytes per connection
//	pings     processor time of pings on idle connections; the server pings every pingInterval
//	connect   upgrades a second
//	recovery  publishing with history, then all clients reconnect at once
var workloads = []workload{
	room("1x1000 1", 1000, 1),
	room("1x1000 16", 1000, 16),
	room("1x1000 64", 1000, 64),
	room("1x1000 1 churned", 1000, 1, "--churn", "2"),
	room("1x1000 16 churned", 1000, 16, "--churn", "2"),
	room("1x10000 1", 10000, 1),
	room("1x10000 16", 10000, 16),
	room("1x10000 64", 10000, 64),
	room("1x10000 1 churned", 10000, 1, "--churn", "2"),
	room("1x5000 1", 5000, 1), // 1,000 to 15,000: growth
	room("1x15000 1", 15000, 1),
	{Name: "1000x10", Kind: "rooms", Args: []string{"--rooms", "1000", "--members", "10"}, Files: 10_000},
	{Name: "echo 1", Kind: "echo", Args: []string{"--conns", "1000", "--pipeline", "1"}, Files: 1000},
	{Name: "echo 16", Kind: "echo", Args: []string{"--conns", "1000", "--pipeline", "16"}, Files: 1000},
	{Name: "connect", Kind: "connect", Args: []string{"--conns", "256"}, Files: 1000},
	{Name: "pings", Kind: "pings", Args: []string{"--conns", "10000", "--rooms", "1000", "--interval", pingInterval.String()}, Files: 10_000},
	{Name: "recovery", Kind: "recovery", Args: []string{"--conns", "1000", "--messages", "100"}, Files: 1000},
	{Name: "idle", Kind: "idle", Args: []string{"--steps", "1000,3000,5000,10000,15000,19000", "--slope", "3000", "--rooms", "1000"},
		Files: 19_000, Limit: 3 * time.Minute},
}

type workload = result.Workload

// room is a workload of one room.
func room(name string, members, inflight int, more ...string) workload {
	return workload{Name: name, Kind: "fanout", Files: uint64(members),
		Args: append([]string{"--members", strconv.Itoa(members), "--inflight", strconv.Itoa(inflight)}, more...)}
}

//go:build linux

package main

import (
	"strconv"
	"time"
)

// work is one run of the load generator.
type work struct {
	Name string   `json:"name"`
	Kind string   `json:"kind"` // the generator's command
	Args []string `json:"args"`
	// Files is how many descriptors it takes, in the server and in the generator.
	Files uint64 `json:"files"`
	// Limit is how long it may take, beside the measured time. 0: 60 s.
	Limit time.Duration `json:"limit_ns,omitempty"`
	Idle  bool          `json:"idle,omitempty"` // the figure is bytes per connection
}

func (w work) name() string { return w.Name }

// batched tells whether several messages can leave together.
func (w work) batched() bool {
	for i, arg := range w.Args[:max(len(w.Args)-1, 0)] {
		if (arg == "--inflight" || arg == "--pipeline") && w.Args[i+1] != "1" {
			return true
		}
	}
	return false
}

const (
	spareFiles   = 100 // descriptors that are no connections
	usualLimit   = 60 * time.Second
	pingInterval = 2 * time.Second // for the work "pings", instead of the usual 25 s
)

var works = []work{
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
		Files: 19_000, Limit: 3 * time.Minute, Idle: true},
}

// room is a work of one room.
func room(name string, members, inflight int, more ...string) work {
	return work{Name: name, Kind: "fanout", Files: uint64(members),
		Args: append([]string{"--members", strconv.Itoa(members), "--inflight", strconv.Itoa(inflight)}, more...)}
}

//go:build linux

// Load is the load generator of the benchmarks: one goroutine over epoll with precomputed frames.
// On a core of its own it needs less processor time than any server on another core. It reports a
// figure only if every member received every message exactly once.
//
//	load fanout --members 1000 --inflight 16   deliveries a second in rooms
//	load rooms --rooms 1000 --members 10       many rooms, then half of that rate on a schedule
//	load echo --conns 1000 --pipeline 16       messages that come back
//	load idle --steps 3000,19000               bytes per connection
//	load pings --conns 10000 --interval 2s     processor time of pings on idle connections
//	load connect --conns 256                   upgrades a second
//	load recovery --conns 1000 --messages 100  all clients reconnect at once and recover
//
// It prints one JSON object, a result.Result. The connections are those of internal/crowd.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// options are the values of the flags.
type options struct {
	addr     netip.AddrPort
	protocol wire.Protocol
	pid      int
	seconds  time.Duration
	warmup   time.Duration
	size     int
	rooms    int
	members  int
	inflight int
	conns    int
	pipeline int
	churn    int
	messages int
	interval time.Duration
	steps    []int
	slope    int
	spin     bool
	slice    time.Duration
}

// crowd returns a crowd without connections.
func (o options) crowd() (*crowd.Crowd, error) {
	return crowd.New(crowd.Config{Addr: o.addr, Protocol: o.protocol, Size: o.size})
}

var workloads = map[string]func(options) (result.Result, error){"fanout": fanout, "rooms": rooms, "echo": echo, "idle": idle,
	"pings": pings, "connect": connect, "recovery": recovery}

func main() {
	if len(os.Args) < 2 || workloads[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: load "+strings.Join(slices.Sorted(maps.Keys(workloads)), "|")+" [flags]")
		os.Exit(2)
	}
	o, err := parse(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	endWithParent()
	r, err := workloads[os.Args[1]](o)
	if err != nil {
		r = result.Result{Fault: err.Error()}
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		os.Exit(1)
	}
}

// endWithParent ends the generator when the benchmark is interrupted.
func endWithParent() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-c; os.Exit(1) }()
}

func parse(workload string, args []string) (o options, err error) {
	f := flag.NewFlagSet("load "+workload, flag.ContinueOnError)
	addr := f.String("addr", "127.0.0.1:7000", "IPv4 `address` and port of the server")
	protocol := f.String("protocol", "rooms", "rooms (?room=NAME) or centrifuge")
	path := f.String("path", "", "path of the endpoint, if not the protocol's usual one")
	steps := f.String("steps", "3000,19000", "idle: numbers of connections at which memory is read")
	f.IntVar(&o.pid, "pid", 0, "process of the server, for its memory and processor time")
	f.DurationVar(&o.seconds, "time", 5*time.Second, "how long to measure")
	f.DurationVar(&o.warmup, "warmup", 500*time.Millisecond, "how long to run before measuring")
	f.IntVar(&o.size, "size", 100, "bytes of a message")
	f.IntVar(&o.rooms, "rooms", 1, "fanout, idle: rooms")
	f.IntVar(&o.members, "members", 1000, "fanout: members of each room")
	f.IntVar(&o.inflight, "inflight", 1, "fanout: messages in flight in each room; each is in flight until every member has it")
	f.IntVar(&o.churn, "churn", 0, "fanout: how often a random half of the members leaves and reconnects before measuring")
	f.IntVar(&o.messages, "messages", 100, "recovery: messages that every client has missed")
	f.DurationVar(&o.interval, "interval", 2*time.Second, "pings: the server's ping interval")
	f.IntVar(&o.slope, "slope", 3000, "idle: the number of connections from which on growth counts")
	f.IntVar(&o.conns, "conns", 1000, "echo, pings, recovery: connections; connect: connections that are opened at the same time")
	f.IntVar(&o.pipeline, "pipeline", 1, "echo: messages that a connection sends at once")
	f.BoolVar(&o.spin, "spin", false, "fanout, rooms, echo, connect: never sleep while measuring, so that the server spends no time on waking the generator")
	f.DurationVar(&o.slice, "slice", 0, "fanout, rooms, echo, connect: take turns of this length with other generators, see turns.go; 0 measures all of -time in one turn")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.steps, err = numbers(*steps); err != nil {
		return o, fmt.Errorf("--steps: %w", err)
	}
	if o.addr, err = netip.ParseAddrPort(*addr); err != nil {
		return o, fmt.Errorf("--addr: %w", err)
	}
	o.protocol, err = wire.NewProtocol(*protocol, *path)
	return o, err
}

func numbers(list string) (ns []int, err error) {
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, err
		}
		ns = append(ns, n)
	}
	return ns, nil
}

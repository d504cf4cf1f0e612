//go:build linux

// Load is the load generator: one goroutine over epoll with precomputed frames, so that on
// a core of its own it costs less than any server on another. It checks what it counts:
// every member must get every message exactly once, or there is no number.
//
//	load fanout --members 1000 --inflight 16   messages into rooms
//	load rooms --rooms 1000 --members 10       many rooms, then half of that rate on a schedule
//	load echo --conns 1000 --pipeline 16       messages that come back
//	load idle --steps 3000,19000               bytes per connection
//	load pings --conns 10000 --interval 2s     what pinging idle connections costs
//	load connect --conns 256                   upgrades a second
//	load recovery --conns 1000 --messages 100  everybody comes back at once
//
// It prints one JSON object, see internal/result. The connections are internal/crowd's.
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

// options are what the flags say.
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

// crowd is nobody yet.
func (o options) crowd() (*crowd.Crowd, error) {
	return crowd.New(crowd.Config{Addr: o.addr, Protocol: o.protocol, Size: o.size})
}

var works = map[string]func(options) (result.Result, error){"fanout": fanout, "rooms": rooms, "echo": echo, "idle": idle,
	"pings": pings, "connect": connect, "recovery": recovery}

func main() {
	if len(os.Args) < 2 || works[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: load "+strings.Join(slices.Sorted(maps.Keys(works)), "|")+" [flags]")
		os.Exit(2)
	}
	o, err := parse(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	endWithParent()
	r, err := works[os.Args[1]](o)
	if err != nil {
		r = result.Result{Fault: err.Error()}
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		os.Exit(1)
	}
}

// endWithParent keeps an interrupted benchmark from going on alone.
func endWithParent() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-c; os.Exit(1) }()
}

func parse(work string, args []string) (o options, err error) {
	f := flag.NewFlagSet("load "+work, flag.ContinueOnError)
	addr := f.String("addr", "127.0.0.1:7000", "IPv4 `address` and port of the server")
	protocol := f.String("protocol", "rooms", "rooms (?room=NAME) or centrifuge")
	path := f.String("path", "", "path of the endpoint, if not the protocol's usual one")
	steps := f.String("steps", "3000,19000", "idle: numbers of connections at which memory is read")
	f.IntVar(&o.pid, "pid", 0, "process of the server, for its memory and processor time")
	f.DurationVar(&o.seconds, "time", 5*time.Second, "how long to measure")
	f.DurationVar(&o.warmup, "warmup", 500*time.Millisecond, "how long to run before")
	f.IntVar(&o.size, "size", 100, "bytes of a message")
	f.IntVar(&o.rooms, "rooms", 1, "fanout, idle: rooms")
	f.IntVar(&o.members, "members", 1000, "fanout: members of each room")
	f.IntVar(&o.inflight, "inflight", 1, "fanout: messages outstanding in each room, each until every member has it")
	f.IntVar(&o.churn, "churn", 0, "fanout: how often a random half leaves and comes back before")
	f.IntVar(&o.messages, "messages", 100, "recovery: messages that everybody has missed")
	f.DurationVar(&o.interval, "interval", 2*time.Second, "pings: the server's interval of pings")
	f.IntVar(&o.slope, "slope", 3000, "idle: the number of connections from which on growth counts")
	f.IntVar(&o.conns, "conns", 1000, "echo, pings, recovery: connections; connect: those opening at a time")
	f.IntVar(&o.pipeline, "pipeline", 1, "echo: messages of a connection sent at once")
	f.BoolVar(&o.spin, "spin", false, "fanout, rooms, echo, connect: never sleep while it is measured, no wake-up for the server to pay")
	f.DurationVar(&o.slice, "slice", 0, "fanout, rooms, echo, connect: take turns of this length with other generators, see turns.go; 0 is all of -time at one go")
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

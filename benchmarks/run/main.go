//go:build linux

// Run runs the benchmark: every server at every workload, interleaved round by round, with the server
// on one core and the load generator on another. At the end it prints medians, ratios to the floor
// and the goals.
//
// A server that does not start, takes too long or loses a message has the reason in the report
// instead of a figure, and the rest goes on.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options are the values of the flags, and the limits of the machine.
type options struct {
	bin     string
	out     string
	rounds  int
	seconds time.Duration
	only    string
	skip    string
	pinned  bool
	cores   int
	files   uint64 // that a process may open
}

func main() {
	o := options{cores: runtime.NumCPU()}
	flag.StringVar(&o.bin, "bin", "../bin/bench", "`directory` of the built programs")
	flag.StringVar(&o.out, "out", "results", "`directory` for the report; empty for none")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; the report has medians")
	flag.DurationVar(&o.seconds, "time", 3*time.Second, "how long each server is measured at a workload")
	flag.StringVar(&o.only, "only", "", "`names` of servers and workloads, separated by commas, * for anything, / for a space; empty for all. Servers: "+
		strings.Join(names(servers), " ")+". Works: "+strings.Join(names(workloads), " "))
	flag.StringVar(&o.skip, "skip", "", "`names` of servers and workloads to leave out")
	flag.BoolVar(&o.pinned, "pinned", true, "server on core 0, load generator on core 1; otherwise the server has two threads and the kernel places all processes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // the benchmark goes on without a reader of its progress
	var err error
	if o.files, err = openFiles(); err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	some, todo, err := pick(servers, workloads, o.only, o.skip)
	if err != nil {
		return err
	}
	rep := newReport(o, some, todo)
	if o.pinned && o.cores < 2 {
		o.pinned, rep.Pinned = false, false
		rep.warn("this machine has one core: server and load generator share it, which changes all figures")
	}
	for round := range o.rounds {
		for _, w := range todo {
			present := rotated(some, round)
			results := measure(ctx, o, present, w)
			if ctx.Err() != nil {
				if len(rep.Cells) == 0 {
					return ctx.Err()
				}
				rep.warn(fmt.Sprintf("interrupted in round %d of %d, at %s: the figures have fewer rounds", round+1, o.rounds, w.Name))
				return rep.conclude(o.out)
			}
			for i, s := range present {
				rep.add(s, w, results[i])
				fmt.Fprintf(os.Stderr, "round %d/%d  %-18s %-14s %s\n", round+1, o.rounds, w.Name, s.Name, brief(w, results[i]))
			}
		}
	}
	return rep.conclude(o.out)
}

// rotated returns the list beginning at another element each round, so that no server is always first.
func rotated[T any](list []T, by int) []T {
	by %= max(len(list), 1)
	return append(append([]T{}, list[by:]...), list[:by]...)
}

// openFiles is the number of files that a process may open. The Go runtime has raised the limit as far as allowed.
func openFiles() (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("limit of open files: %w", err)
	}
	return limit.Cur, nil
}

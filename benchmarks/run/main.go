//go:build linux

// Run is the benchmark: every server at every work, interleaved round by round, the server
// on one core and the load generator on another, medians and ratios to the floor at the
// end.
//
// What does not start or loses a message is a hole in the report with its reason.
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

// options are what the flags say.
type options struct {
	bin     string
	out     string
	rounds  int
	seconds time.Duration
	servers string
	works   string
	pinned  bool
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "../bin/bench", "`directory` of the built programs")
	flag.StringVar(&o.out, "out", "results", "`directory` for the report; empty for none")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; the report has medians")
	flag.DurationVar(&o.seconds, "time", 3*time.Second, "how long one work is measured")
	flag.StringVar(&o.servers, "servers", "", "comma-separated `names`; empty for all: "+strings.Join(names(servers), " "))
	flag.StringVar(&o.works, "works", "", "comma-separated `names`; empty for all: "+strings.Join(names(works), " "))
	flag.BoolVar(&o.pinned, "pinned", runtime.NumCPU() > 1, "server on core 0, generator on core 1")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	some, err := pick(servers, o.servers)
	if err != nil {
		return err
	}
	todo, err := pick(works, o.works)
	if err != nil {
		return err
	}
	if err := enoughFiles(); err != nil {
		return err
	}
	rep := newReport(o, some, todo)
	for round := range o.rounds {
		for _, w := range todo {
			for _, s := range turned(some, round) {
				r := measure(ctx, o, s, w)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				rep.add(s, w, r)
				fmt.Fprintf(os.Stderr, "round %d/%d  %-14s %-16s %s\n", round+1, o.rounds, w.Name, s.Name, brief(w, r))
			}
		}
	}
	rep.print(os.Stdout)
	return rep.write(o.out)
}

// turned is the list begun at another place each round, so that nobody is always first.
func turned[T any](list []T, by int) []T {
	by %= len(list)
	return append(append([]T{}, list[by:]...), list[:by]...)
}

// enoughFiles wants what the largest work needs.
func enoughFiles() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur < mostFiles {
		return fmt.Errorf("%d open files are allowed, the benchmark needs %d: ulimit -n %d", limit.Cur, mostFiles, mostFiles)
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// packages are those whose mutations are generated.
var packages = []string{"frame", "netpoll", "netpoll/upgrade", "room", "internal/edge", "internal/protocol", "internal/protocol/jsonwire", "internal/protocol/pbwire"}

type options struct {
	generated int // mutations of each package
	seed      uint64
	list      bool // try those of list.yaml
	packages  []string
	only      *regexp.Regexp // of ids
	at        int            // mutants at once
	patience  time.Duration  // with a mutant, at least
}

func parseOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("mutate", flag.ContinueOnError)
	f.IntVar(&o.generated, "n", 100, "try so many generated mutations of each package")
	f.Uint64Var(&o.seed, "seed", 1, "choose them by this number")
	f.BoolVar(&o.list, "list", true, "try the mutations of list.yaml")
	f.IntVar(&o.at, "at", runtime.GOMAXPROCS(0), "try so many at once")
	f.DurationVar(&o.patience, "patience", 20*time.Second, "a mutant does not end if it takes so long, and ten times what its tests usually take")
	names := f.String("packages", strings.Join(packages, " "), "generate mutations of these packages; list.yaml may have some of others")
	only := f.String("only", "", "try only mutations whose name matches this regular expression")
	if err = f.Parse(args); err != nil {
		return o, err
	}
	o.packages = strings.Fields(*names)
	o.only, err = regexp.Compile(*only)
	return o, err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parseOptions(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "mutate:", err)
		stop()
		os.Exit(1)
	}
}

// errSurvivors is the result of a run in which a mutation of list.yaml survives and is not explained.
var errSurvivors = errors.New("mutations of list.yaml survive, or do not compile")

func run(ctx context.Context, o options) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	plan, err := newPlan(root, o)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	began := time.Now()
	r := newReport(os.Stdout, plan)
	for _, dir := range plan.dirs {
		if err := plan.try(ctx, dir, temp, o, r); err != nil {
			return err
		}
	}
	r.summary(o, time.Since(began))
	if r.failed() {
		return errSurvivors
	}
	return nil
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	file := string(bytes.TrimSpace(out))
	if err != nil || filepath.Base(file) != "go.mod" {
		return "", fmt.Errorf("no module here: %q, %w", file, err)
	}
	return filepath.Dir(file), nil
}

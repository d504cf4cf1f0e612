package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/limits"
	"github.com/throngd/throng/internal/load"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/internal/load/target"
	"github.com/throngd/throng/internal/spool"
)

type loadCmd struct {
	Run    loadRunCmd    `cmd:"" default:"withargs" help:"Run a scenario against a server (the default)."`
	Report loadReportCmd `cmd:"" help:"Show, compare or merge the reports of earlier runs."`
}

// loadRunCmd is throng load SCENARIO URL.
type loadRunCmd struct {
	Scenario string `arg:"" help:"idle, fanout, rooms, echo, connect, storm, stall, half-open, dribble or mixed."`
	URL      string `arg:"" help:"Server, as ws://localhost:8080/ws, wss://example.com/ws or localhost:8080."`

	Connections int           `short:"n" placeholder:"N" help:"Connections, of all processes together [1000]."`
	Duration    time.Duration `placeholder:"TIME" help:"Duration of the measurement [10s; half-open: 60s]."`
	Rooms       int           `placeholder:"N" help:"Rooms [1; in rooms one for ten connections]."`
	Rate        float64       `placeholder:"N" help:"Messages per second of all senders together; in connect connections per second [by scenario; connect: unlimited]."`
	Size        int           `placeholder:"BYTES" help:"Size of a message [128]."`
	Senders     int           `placeholder:"N" help:"Members of each room that send [4; in rooms and echo all]."`
	Share       int           `placeholder:"PERCENT" help:"Connections that misbehave in stall, half-open and dribble [20]."`
	Rounds      int           `placeholder:"N" help:"Number of times that all connections drop in storm [3]."`
	BackWithin  time.Duration `placeholder:"TIME" help:"Time for all to reconnect in storm [1m]."`
	Mix         string        `placeholder:"FILE" help:"YAML file with the parts of mixed."`
	Ramp        time.Duration `placeholder:"TIME" help:"Open the connections evenly over this time [unlimited]."`
	Schedule    string        `enum:"poisson,even" default:"poisson" placeholder:"NAME" help:"When messages are due: poisson, as of many independent senders, or even."`
	RoomName    string        `default:"load-{run}-{room}" placeholder:"NAME" help:"Names of the rooms; {run} and {room} stand for numbers. Without {run} messages of others in the room are not counted as errors."`
	Payload     string        `placeholder:"FILE" help:"Text that the messages carry, instead of --size."`

	MaxRefused float64  `default:"1" placeholder:"PERCENT" help:"Publishes that may be refused; more fail the run."`
	FailIf     []string `sep:"none" placeholder:"CONDITION" help:"Fail the run if it holds, as delivery.p99>50ms, refused>0.1% or errors>0. May be given several times."`

	Token  string   `placeholder:"JWT" help:"Token of the connect command."`
	Header []string `sep:"none" placeholder:"LINE" help:"Header of the upgrade requests, as 'Authorization: Bearer abc'. May be given several times."`

	Protocol     string        `placeholder:"NAME" help:"centrifuge, echo, or rooms (?room=NAME in the URL) [centrifuge; for the scenario echo: echo]."`
	Processes    int           `placeholder:"N" help:"Number of processes [as many as the limit of open files requires]."`
	Source       string        `placeholder:"ADDRESSES" help:"Local addresses to connect from, as 127.0.0.2-127.0.0.40 [chosen by itself on loopback]."`
	Insecure     bool          `help:"Accept any certificate of a wss:// server."`
	OneFrame     bool          `help:"Send connect and subscribe in one frame."`
	PingInterval time.Duration `placeholder:"TIME" help:"Interval of WebSocket pings [none: the Centrifuge protocol has its own]."`
	Timeout      time.Duration `default:"10s" placeholder:"TIME" help:"Time to wait for any reply."`
	MaxMessage   config.Size   `placeholder:"SIZE" help:"Largest message that the server may send [4MiB, or four messages if that is more]."`

	TargetAdmin string `placeholder:"URL" help:"Admin listener of the server, as http://localhost:9090: its memory, CPU and connections are part of the report."`

	JSON string `name:"json" placeholder:"FILE" help:"Write the report as JSON."`
	HTML string `name:"html" placeholder:"FILE" help:"Write the report as one page with plots."`
}

// Help is the long text of throng load --help.
func (*loadCmd) Help() string {
	return `Scenarios:

  - idle: all are kept, and at the end a message to each room must reach everybody
  - fanout: a few speak in one or a few big rooms
  - rooms: everybody speaks in many small ones
  - echo: what is sent must come back
  - connect: open and close, as fast as it goes or at --rate
  - storm: all drop at once, come back and resume
  - stall: some stop reading
  - half-open: some fall silent, at every step of a connection
  - dribble: some send one byte at a time
  - mixed: several at the same time, from a file (--mix)

Every message is checked: a lost, repeated, reordered or invented one, or one acknowledged and not kept, is listed and makes the exit code 1. So does a run in which nothing was delivered, or too much refused (--max-refused), or a condition of yours holds (--fail-if). Ctrl-C ends the run with the report so far.`
}

// Help is the long text of throng load run --help.
func (*loadRunCmd) Help() string { return (*loadCmd)(nil).Help() }

func (c *loadRunCmd) options(s *streams) load.Options {
	return load.Options{
		Scenario: c.Scenario, URL: c.URL, Protocol: c.Protocol, Connections: c.Connections, Duration: c.Duration, Rooms: c.Rooms,
		Rate: c.Rate, Size: c.Size, Senders: c.Senders, Share: c.Share, Rounds: c.Rounds, BackWithin: c.BackWithin, Mix: c.Mix,
		Processes: c.Processes, Source: c.Source, Insecure: c.Insecure, OneFrame: c.OneFrame, PingInterval: c.PingInterval, Patience: c.Timeout, MaxMessage: int(c.MaxMessage),
		Ramp: c.Ramp, Schedule: c.Schedule, RoomName: c.RoomName, Payload: c.Payload, Token: c.Token, Header: c.Header,
		MaxRefused: maxRefused(c.MaxRefused), FailIf: c.FailIf,
		Errors: s.err, Command: "throng " + strings.Join(withoutSecrets(os.Args[1:]), " "),
	}
}

// maxRefused converts the flag to the option, for which 0 is the default.
func maxRefused(percent float64) float64 {
	if percent == 0 {
		return -1
	}
	return percent
}

// withoutSecrets returns a command line for a report, which may be sent to others.
func withoutSecrets(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		for _, flag := range []string{"--token", "--header"} {
			switch {
			case strings.HasPrefix(arg, flag+"="):
				out[i] = flag + "=***"
			case arg == flag && i+1 < len(out):
				out[i+1] = "***"
			}
		}
	}
	return out
}

// AfterApply refuses an explicit 0 of flags for which 0 stands for the default.
func (c *loadRunCmd) AfterApply(ctx *kong.Context) error {
	meant := []string{"processes", "ping-interval", "max-refused"}
	if c.Scenario == "connect" {
		meant = append(meant, "rate")
	}
	for _, p := range ctx.Path {
		if f := p.Flag; f != nil && f.Target.IsZero() && (f.Target.CanInt() || f.Target.CanFloat()) && !slices.Contains(meant, f.Name) {
			return fmt.Errorf("--%s must not be 0", f.Name)
		}
	}
	return nil
}

// canSave checks before the run that its report can be written.
func (c *loadRunCmd) canSave() error {
	for _, file := range []string{c.JSON, c.HTML} {
		if file == "" {
			continue
		}
		if err := report.CanSave(file); err != nil {
			return err
		}
	}
	return nil
}

// Run does not wait for a terminal that shows its progress, and does not end with it: the measurement goes on, and the files
// are written before the report is shown.
func (c *loadRunCmd) Run(s *streams) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	width := terminalWidth(s.err)
	s.detach(spool.Options{Gap: progressGap})
	o := c.options(s)
	if err := c.canSave(); err != nil {
		return err
	}
	if err := tellLimits(ctx, s, o); err != nil {
		return err
	}
	o.Progress = load.NewProgress(s.err, width)
	watch, err := target.Begin(ctx, c.TargetAdmin)
	if err != nil {
		return err
	}
	r, err := load.Run(ctx, o)
	watch.End(r)
	if r == nil {
		return err
	}
	r.Tool = "throng " + release()
	if failed := r.Save(c.JSON, c.HTML); failed != nil {
		return failed
	}
	if r.Opened > 0 || err == nil { // otherwise the error says it all
		if failed := printReport(ctx, s, r); failed != nil {
			return failed
		}
	}
	if err == nil && r.Violations.Count > 0 {
		err = clierr.Errorf("they are listed above, the first ones with room, offset and client; --json has them too", "the server broke %d promises", r.Violations.Count)
	}
	if err == nil && len(r.Failures) > 0 {
		err = clierr.Errorf("errors are listed above; --max-refused and --fail-if say what a run may do", "the run failed: %s", strings.Join(r.Failures, "; "))
	}
	return err
}

// tellLimits reports limits that are too low. With too few files or ports it returns an error.
func tellLimits(ctx context.Context, s *streams, o load.Options) error {
	found, err := load.Check(ctx, o)
	if err != nil {
		return err
	}
	var low []limits.Finding
	for _, f := range found {
		if !f.OK {
			low = append(low, f)
		}
	}
	printFindings(s.err, low)
	for _, f := range low {
		if f.Name == "open files" || strings.HasPrefix(f.Name, "ports") {
			return clierr.Errorf("run the command above, or ask for fewer --connections", "%s: too few for %d connections", f.Name, o.Connections)
		}
	}
	return nil
}

// loadWorkerCmd is one of several processes of throng load.
type loadWorkerCmd struct{}

func (loadWorkerCmd) Run(s *streams) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGPIPE)
	if err := load.Worker(context.Background(), os.Stdin, s.out); err != nil {
		return fmt.Errorf("load-worker: %w", err)
	}
	return nil
}

// terminalWidth returns the width of the terminal w, 0 if it is none on which bars can be drawn: a serial console reports no
// size.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || height <= 0 {
		return 0
	}
	return width
}

// progressGap is the line that replaces progress that was not shown.
func progressGap(n int64) []byte {
	return fmt.Appendf(nil, "%d lines are not shown: they were not read in time\n", n)
}

// printReport prints a report, and waits for its reader until a signal comes.
func printReport(ctx context.Context, s *streams, r *report.Report) error {
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		return err
	}
	if err := s.print(ctx, b.Bytes()); err != nil {
		return clierr.Errorf("--json and --html write it to files", "the report cannot be written to the standard output: %w", err)
	}
	return nil
}

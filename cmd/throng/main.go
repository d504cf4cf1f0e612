package main

import (
	"errors"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"github.com/throngd/throng/internal/clierr"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with its environment as parameters. It returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	s := &streams{out: stdout, err: stderr}
	defer s.flush()
	err := runCommand(args, s)
	var done exit
	if errors.As(err, &done) {
		return int(done)
	}
	clierr.Report(s.err, err)
	return clierr.ExitCode(err)
}

// exit is the panic value by which --help and --version end.
type exit int

func (exit) Error() string { return "exit" }

func runCommand(args []string, s *streams) (err error) {
	defer func() {
		if e, ok := recover().(exit); ok {
			err = e
		}
	}()
	parser, err := newParser(s)
	if err != nil {
		return err
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		return usageError(err)
	}
	return ctx.Run(s)
}

func newParser(s *streams) (*kong.Kong, error) {
	return kong.New(&cli{},
		kong.Name("throng"),
		kong.Description(description),
		kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.Vars{"version": version()},
		kong.ValueFormatter(helpWithDefault),
		kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
	)
}

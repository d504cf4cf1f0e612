package main

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/throngd/throng/internal/human"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	err := runCommand(args, stdout, stderr)
	var done exit
	if errors.As(err, &done) {
		return int(done)
	}
	human.Report(stderr, err)
	return human.ExitCode(err)
}

// exit is how --help and --version end.
type exit int

func (exit) Error() string { return "exit" }

func runCommand(args []string, stdout, stderr io.Writer) (err error) {
	defer func() {
		if e, ok := recover().(exit); ok {
			err = e
		}
	}()
	parser, err := kong.New(&cli{},
		kong.Name("throng"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.Vars{"version": version()},
		kong.ValueFormatter(helpWithDefault),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return err
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		return usageError(err)
	}
	return ctx.Run(&streams{stdout, stderr})
}

// streams are where a command writes.
type streams struct{ out, err io.Writer }

// usageError makes two lines of kong's one: what is wrong, and what was meant.
func usageError(err error) error {
	text, meant, found := strings.Cut(err.Error(), ", did you mean ")
	hint := "throng --help lists the commands, throng serve --help the flags"
	if found {
		hint = "did you mean " + strings.TrimRight(meant, "?") + "? " + hint
	}
	return human.Usagef(hint, "%s", text)
}

// helpWithDefault adds the default, which kong leaves out where there is a placeholder.
func helpWithDefault(v *kong.Value) string {
	if v.Default == "" || v.Tag.Hidden {
		return v.Help
	}
	return v.Help + " [" + v.Default + "]"
}

package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/throngd/throng/internal/clierr"
)

// printHelp prints kong's help, except for a command that has a default command (load, whose default is run). For it kong
// would show two names and no flags; printHelp shows the arguments and flags of the default, and the other commands.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	n := ctx.Selected()
	if n == nil || n.DefaultCmd == nil {
		return kong.DefaultHelpPrinter(options, ctx)
	}
	both := *n.DefaultCmd
	both.Name, both.Parent, both.Help, both.Detail = n.Name, n.Parent, n.Help, n.Detail
	both.Children = slices.DeleteFunc(slices.Clone(n.Children), func(c *kong.Node) bool { return c == n.DefaultCmd })
	shown := *ctx
	shown.Path = append(slices.Clone(ctx.Path), &kong.Path{Parent: n.Parent, Command: &both})
	return kong.DefaultHelpPrinter(options, &shown)
}

// helpWithDefault adds the default, which kong leaves out for flags with a placeholder.
func helpWithDefault(v *kong.Value) string {
	if v.Default == "" || v.Tag.Hidden {
		return v.Help
	}
	return v.Help + " [" + v.Default + "]"
}

// usageError splits kong's error into an error and a hint.
func usageError(err error) error {
	text, meant, found := strings.Cut(err.Error(), ", did you mean ")
	hint := "throng --help lists the commands, throng serve --help the flags"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		n := parse.Context.Selected()
		if n != nil && n.Parent.DefaultCmd == n {
			n = n.Parent
		}
		if n != nil && n.Parent != nil {
			hint = n.FullPath() + " --help lists its arguments and flags"
		}
	}
	if found {
		hint = "did you mean " + strings.TrimRight(meant, "?") + "? " + hint
	}
	return clierr.Usagef(hint, "%s", text)
}

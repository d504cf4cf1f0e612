package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/throngd/throng/internal/config"
)

const description = `A chat edge: very many WebSocket connections in rooms with history, speaking the Centrifuge protocol.

Every flag of serve is also an environment variable (--max-message is THRONG_MAX_MESSAGE) and a key of the YAML file (max_message). A flag wins over the environment, the environment over the file; throng config shows the result.

Exit codes: 0 ok, 1 it failed, 2 the command line or the configuration is wrong.`

// cli is the grammar of the command line.
type cli struct {
	Serve   serveCmd   `cmd:"" default:"withargs" help:"Run the server (the default command)."`
	Chat    chatCmd    `cmd:"" help:"Chat in the terminal."`
	Load    loadCmd    `cmd:"" help:"Load-test a server, and check every message."`
	Check   checkCmd   `cmd:"" help:"Compare the limits of this machine with --max-connections."`
	Config  configCmd  `cmd:"" help:"Show the configuration in effect and where each value came from."`
	Version versionCmd `cmd:"" help:"Print the version."`

	LoadWorker loadWorkerCmd `cmd:"" name:"load-worker" hidden:"" help:"One of several processes of throng load."`

	PrintVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

// settings are the flags of the commands that read the configuration.
type settings struct {
	ConfigFile    string `name:"config" placeholder:"FILE" help:"YAML file with the configuration; throng config --example shows one."`
	config.Config `embed:""`
}

// load reads the configuration with the flags that were given.
func (s settings) load(ctx *kong.Context, file string) (*config.Loaded, error) {
	return config.Load(s.layers(ctx, file))
}

// layers returns the sources of the configuration.
func (settings) layers(ctx *kong.Context, file string) config.Layers {
	return config.FromEnvironment(file, given(ctx))
}

// given returns the values of the flags on the command line, by key.
func given(ctx *kong.Context) map[string]any {
	flags := map[string]any{}
	for _, p := range ctx.Path {
		if p.Flag != nil && !p.Resolved {
			flags[strings.ReplaceAll(p.Flag.Name, "-", "_")] = p.Flag.Target.Interface()
		}
	}
	return flags
}

type versionCmd struct{}

func (versionCmd) Run(s *streams) error {
	_, err := fmt.Fprintln(s.out, version())
	return err
}

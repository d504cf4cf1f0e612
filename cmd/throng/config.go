package main

import (
	"github.com/alecthomas/kong"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/limits"
)

type configCmd struct {
	settings
	Example bool `help:"Print an example file with every key, its default and its help text."`
}

func (c *configCmd) Run(ctx *kong.Context, s *streams) error {
	if c.Example {
		return config.WriteExample(s.out)
	}
	cfg, err := c.load(ctx, c.ConfigFile)
	if err != nil {
		return err
	}
	files, err := limits.RaiseFiles()
	if err != nil {
		return err
	}
	cfg.Resolve(files.Connections(reserved(cfg)))
	return cfg.WriteEffective(s.out)
}

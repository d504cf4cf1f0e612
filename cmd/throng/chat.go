package main

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/throngd/throng/internal/chat"
	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/spool"
)

type chatCmd struct {
	URL      string `arg:"" help:"Server, as ws://localhost:8080/ws, wss://example.com or localhost:8080."`
	Room     string `arg:"" help:"Room to enter."`
	Name     string `help:"Name that others see. Default: your user name."`
	History  *int   `placeholder:"N" help:"Earlier messages to show; 0 for none. Unset: 20, and none when the input is a pipe."`
	Color    string `default:"auto" placeholder:"WHEN" help:"auto, always or never."`
	Insecure bool   `help:"Accept any certificate of a wss:// server."`

	MaxMessage config.Size `default:"8MiB" placeholder:"SIZE" help:"Largest message that the server may send."`
}

// Run ends on SIGTERM as at the end of the input.
func (c *chatCmd) Run(s *streams) error {
	spool.IgnoreBrokenPipe()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	history := chat.AutoHistory
	if c.History != nil {
		history = max(0, *c.History)
	}
	err := chat.Run(ctx, chat.Options{
		URL: c.URL, Room: c.Room, Name: c.Name, History: history, Color: c.Color, Insecure: c.Insecure,
		MaxMessage: int(c.MaxMessage), Version: release(), Out: s.out, Err: s.err,
	})
	s.detach(spool.Options{}) // the error output does not block either
	return err
}

// Help is the long text of throng chat --help.
func (*chatCmd) Help() string { return chat.Help }

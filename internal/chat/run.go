package chat

import (
	"context"
	"encoding/json"
	"os"
)

// Run chats until the user leaves, all input has been sent, the server ends the connection for good, or ctx is cancelled,
// which counts as leaving. Errors that the user can do something about are *clierr.Error values; nil means that the server
// has acknowledged all messages. Run restores the terminal before it returns.
//
// Only one Run at a time may use a terminal. A blocked read of Options.In may continue after Run has returned.
func Run(ctx context.Context, o Options) (err error) {
	o, err = o.withDefaults()
	if err != nil {
		return err
	}
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &session{o: o, ctx: inner, calls: make(chan func()), done: make(chan struct{}), dialer: newDialer(o), times: newTimes(), visit: &visit{room: o.Room}}
	s.dialer.tooLarge = func() { s.post(s.messageTooLarge) }
	s.open()
	defer func() {
		s.output.close(ctx)
		if failed := s.output.failure(); err == nil && failed != nil {
			err = cannotWrite(failed)
		}
	}()
	if s.screen != nil {
		defer s.screen.close()
	}
	lines := make(chan inputLine)
	go s.read(lines)
	s.prompt()
	s.connect()
	defer s.close(stop)
	return s.loop(ctx, lines)
}

// open chooses the output: a screen, a terminal without a screen, or a pipe.
func (s *session) open() {
	o := s.o
	tty := isTerminal(o.Out)
	s.output = newOutput(o.Out, o.Err, !tty, func(err error) { s.post(func() { s.outputFailed(err) }) })
	if o.source == fromTerminal && tty && o.Getenv("TERM") != "dumb" {
		sc, err := openScreen(o.In.(*os.File), o.Out.(*os.File), s.output.out, paintFor(o, o.Out))
		if err == nil {
			s.screen = sc
			s.view = newView(sc, sc, sc.paint, true)
			return
		}
	}
	s.view = newView(s.output.out, s.output.notes, paintFor(o, o.Out), tty)
}

// read sends the lines of the input to the loop.
func (s *session) read(lines chan<- inputLine) {
	switch {
	case s.screen != nil:
		go s.watchKeys()
		s.screen.readLines(lines, s.done)
	case s.o.source == fromNowhere:
		close(lines)
	default:
		readLines(s.o.In, lines, s.done)
	}
}

// watchKeys announces to others that the user is typing.
func (s *session) watchKeys() {
	for {
		select {
		case <-s.done:
			return
		case <-s.screen.keys:
			s.post(func() { s.typing.announce(s) })
		}
	}
}

// connectData is the data of the connect command. The server makes the conn_info of it.
func connectData(name string) []byte {
	b, _ := json.Marshal(struct {
		Name string `json:"name"`
	}{name})
	return b
}

package chat

import (
	"context"
	"encoding/json"
	"os"
)

// Run chats until the person leaves, the input has been sent, the server ends it for good, or ctx is cancelled (which
// counts as leaving). Errors that a person can do something about are *clierr.Error values; nil means that everything
// typed or piped in was acknowledged by the server. The terminal is restored before Run returns.
//
// Only one Run at a time may use a terminal. A read of Options.In that blocks may outlive Run.
func Run(ctx context.Context, o Options) (err error) {
	o, err = o.withDefaults()
	if err != nil {
		return err
	}
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &session{o: o, ctx: inner, calls: make(chan func()), gone: make(chan struct{}), dialer: newDialer(o), times: newTimes(), visit: &visit{room: o.Room}}
	s.dialer.tooLarge = func() { s.post(s.flooded) }
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
	lines := make(chan typed)
	go s.read(lines)
	s.prompt()
	s.connect()
	defer s.close(stop)
	return s.loop(ctx, lines)
}

// open decides where to write, and how.
func (s *session) open() {
	o := s.o
	tty := isTerminal(o.Out)
	s.output = newOutput(o.Out, o.Err, !tty, func(err error) { s.post(func() { s.unread(err) }) })
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

// read sends the input to the loop.
func (s *session) read(lines chan<- typed) {
	switch {
	case s.screen != nil:
		go s.watchKeys()
		s.screen.readLines(lines, s.gone)
	case s.o.source == fromNowhere:
		close(lines)
	default:
		readLines(s.o.In, lines, s.gone)
	}
}

// watchKeys tells others that a line is being typed.
func (s *session) watchKeys() {
	for {
		select {
		case <-s.gone:
			return
		case <-s.screen.keys:
			s.post(func() { s.typing.tell(s) })
		}
	}
}

// connectData is what the server makes a person's conn_info of.
func connectData(name string) []byte {
	b, _ := json.Marshal(struct {
		Name string `json:"name"`
	}{name})
	return b
}

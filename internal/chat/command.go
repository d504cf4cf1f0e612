package chat

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/throngd/throng/internal/terminal"
)

const helpText = `/who            who is here
/history [N]    the last N messages again (20)
/join ROOM      go to another room
/name           your name
/quit           leave (also Ctrl-D, and Ctrl-C without waiting)
//text          sends /text`

// runCommand executes a line that begins with a slash. Only lines from a terminal can be commands.
func (s *session) runCommand(line string) {
	verb, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	switch verb {
	case "/help", "/?":
		for l := range strings.Lines(helpText) {
			s.view.note("%s", strings.TrimSuffix(l, "\n"))
		}
	case "/who", "/history":
		s.askServer(verb, arg)
	case "/join":
		s.changeRoom(arg)
	case "/name":
		s.view.note("you are %s; a name is fixed for a connection: leave and start again with --name NAME for another", s.o.Name)
	case "/quit", "/exit":
		s.leave()
	default:
		s.view.warn("there is no command %s; /help lists them, // sends a slash", terminal.Line(verb))
	}
}

// askServer executes a command that needs the server.
func (s *session) askServer(verb, arg string) {
	switch p := s.visit.phase; {
	case p == joining || p == disconnected:
		s.view.warn("not in the room at the moment; try again when the connection is back")
	case verb == "/who":
		s.showPresence()
	default:
		s.showHistory(arg)
	}
}

// showHistory executes /history.
func (s *session) showHistory(arg string) {
	n, err := count(arg)
	if err != nil {
		s.view.warn("%v", err)
		return
	}
	v := s.visit
	s.ask(func() {
		l := s.fetch(v, n)
		s.post(func() {
			if l.err != nil {
				s.view.warn("no history: %v", refusal(l.err))
				return
			}
			s.view.note("the last %s:", plural(len(l.messages), "message", "messages"))
			for _, m := range l.messages {
				s.view.message(m)
			}
		})
	})
}

const maxHistory = 1000

func count(arg string) (int, error) {
	if arg == "" {
		return DefaultHistory, nil
	}
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > maxHistory {
		return 0, fmt.Errorf("/history takes a number from 1 to %d", maxHistory)
	}
	return n, nil
}

// changeRoom executes /join.
func (s *session) changeRoom(room string) {
	switch err := checkRoom(room); {
	case err != nil:
		s.view.warn("%v", err)
		return
	case room == s.visit.room:
		s.view.note("you are there already")
		return
	case s.out.pending():
		s.view.warn("some of what you typed is not sent yet; try again when it is")
		return
	}
	s.out.queue = nil
	s.typing.stop(s, s.typing.who)
	old := s.visit
	s.visit = &visit{room: room, phase: joining}
	s.times.reset()
	s.prompt()
	s.ask(func() {
		s.drop(old)
		s.post(func() { s.enter(room) })
	})
}

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
/name           what you are called
/quit           leave (also Ctrl-D, and Ctrl-C without waiting)
//text          sends /text`

// obey does what a line that begins with a slash says. It is used only where a person types.
func (s *session) obey(line string) {
	verb, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	switch verb {
	case "/help", "/?":
		for l := range strings.Lines(helpText) {
			s.view.note("%s", strings.TrimSuffix(l, "\n"))
		}
	case "/who", "/history":
		s.inquire(verb, arg)
	case "/join":
		s.move(arg)
	case "/name":
		s.view.note("you are %s; a name is fixed per connection: leave and come back with --name NAME for another", s.o.Name)
	case "/quit", "/exit":
		s.leave()
	default:
		s.view.alarm("there is no command %s; /help lists them, // sends a slash", terminal.Line(verb))
	}
}

// inquire answers what only the server knows, in a room that was entered.
func (s *session) inquire(verb, arg string) {
	switch p := s.visit.phase; {
	case p == entering || p == away:
		s.view.alarm("not in the room at the moment; try again when the connection is there")
	case verb == "/who":
		s.who()
	default:
		s.rewind(arg)
	}
}

// rewind answers /history.
func (s *session) rewind(arg string) {
	n, err := count(arg)
	if err != nil {
		s.view.alarm("%v", err)
		return
	}
	v := s.visit
	s.ask(func() {
		l := s.fetch(v, n)
		s.post(func() {
			if l.err != nil {
				s.view.alarm("no history: %v", refusal(l.err))
				return
			}
			s.view.note("the last %s:", plural(len(l.messages), "message", "messages"))
			for _, m := range l.messages {
				s.view.message(m)
			}
		})
	})
}

const mostHistory = 1000

func count(arg string) (int, error) {
	if arg == "" {
		return DefaultHistory, nil
	}
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > mostHistory {
		return 0, fmt.Errorf("/history takes a number from 1 to %d", mostHistory)
	}
	return n, nil
}

// move answers /join.
func (s *session) move(room string) {
	switch err := checkRoom(room); {
	case err != nil:
		s.view.alarm("%v", err)
		return
	case room == s.visit.room:
		s.view.note("you are there already")
		return
	case s.out.pending():
		s.view.alarm("some of what you typed is not sent yet; try again when it is")
		return
	}
	s.out.queue = nil
	s.typing.stop(s, s.typing.who)
	old := s.visit
	s.visit = &visit{room: room, phase: entering}
	s.times.forget()
	s.prompt()
	s.ask(func() {
		s.drop(old)
		s.post(func() { s.enter(room) })
	})
}

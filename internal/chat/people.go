package chat

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/centrifugal/centrifuge-go"
)

const mostNames = 50 // that /who lists

// who asks who is here and shows it. Where there are too many to list, it shows how many.
func (s *session) who() {
	v, self := s.visit, s.self
	s.ask(func() {
		text, err := s.present(v, self)
		s.post(func() {
			switch {
			case s.visit != v:
			case err != nil && v.phase == live:
				s.view.note("who is here cannot be said: %v", refusal(err))
			case err == nil:
				s.view.note("%s", text)
			}
		})
	})
}

// present runs in a goroutine of its own.
func (s *session) present(v *visit, self string) (string, error) {
	p, err := v.sub.Presence(s.ctx)
	if err == nil {
		return roster(p.Clients, self), nil
	}
	var e *centrifuge.Error
	if !errors.As(err, &e) || e.Code != 106 {
		return "", err
	}
	stats, err := v.sub.PresenceStats(s.ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d here, too many to list", stats.NumClients), nil
}

// roster is "3 here: ann (2), bob": one entry for a name, with the number of its connections.
func roster(clients map[string]centrifuge.ClientInfo, self string) string {
	count := map[string]int{}
	for id, info := range clients {
		name := personOf(info).name
		if id == self {
			name += " (you)"
		}
		count[name]++
	}
	names := slices.Sorted(maps.Keys(count))
	more := ""
	if len(names) > mostNames {
		more = fmt.Sprintf(" and %d more", len(names)-mostNames)
		names = names[:mostNames]
	}
	for i, n := range names {
		if count[n] > 1 {
			names[i] = fmt.Sprintf("%s (%d)", n, count[n])
		}
	}
	return fmt.Sprintf("%d here: %s%s", len(clients), strings.Join(names, ", "), more)
}

// came and left show others' coming and going, where somebody reads.
func (s *session) came(i centrifuge.ClientInfo) { s.moved(i, "joined") }
func (s *session) left(i centrifuge.ClientInfo) { s.moved(i, "left") }

func (s *session) moved(i centrifuge.ClientInfo, what string) {
	if i.Client != s.self && s.o.source != fromPipe {
		s.view.event(personOf(i), what)
	}
}

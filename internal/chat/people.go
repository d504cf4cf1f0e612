package chat

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/centrifugal/centrifuge-go"
)

const maxNames = 50 // that /who lists

// showPresence shows the members of the room, or their number if there are too many to list.
func (s *session) showPresence() {
	v, self := s.visit, s.self
	s.ask(func() {
		text, err := s.fetchPresence(v, self)
		s.post(func() {
			switch {
			case s.visit != v:
			case err != nil && v.phase == live:
				s.view.note("cannot list who is here: %v", refusal(err))
			case err == nil:
				s.view.note("%s", text)
			}
		})
	})
}

// fetchPresence runs outside the loop.
func (s *session) fetchPresence(v *visit, self string) (string, error) {
	p, err := v.sub.Presence(s.ctx)
	if err == nil {
		return presenceText(p.Clients, self), nil
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

// presenceText is "3 here: ann (2), bob": one entry for a name, with the number of its connections.
func presenceText(clients map[string]centrifuge.ClientInfo, self string) string {
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
	if len(names) > maxNames {
		more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		names = names[:maxNames]
	}
	for i, n := range names {
		if count[n] > 1 {
			names[i] = fmt.Sprintf("%s (%d)", n, count[n])
		}
	}
	return fmt.Sprintf("%d here: %s%s", len(clients), strings.Join(names, ", "), more)
}

// joined and left show joins and leaves of others, unless the input is a pipe.
func (s *session) joined(i centrifuge.ClientInfo) { s.joinedOrLeft(i, "joined") }
func (s *session) left(i centrifuge.ClientInfo)   { s.joinedOrLeft(i, "left") }

func (s *session) joinedOrLeft(i centrifuge.ClientInfo, what string) {
	if i.Client != s.self && s.o.source != fromPipe {
		s.view.event(personOf(i), what)
	}
}
